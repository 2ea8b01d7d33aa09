package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// TearPut sends the head of a PUT of key to the etcd at "host:port" and ends the
// connection where its body should begin: what the announcer of 2020 did by
// accident. It returns what etcd answered, 0 for nothing; an etcd that stores
// what arrived answers 200 or 201.
func TearPut(ctx context.Context, etcd, key string) (status int, err error) {
	if !strings.HasPrefix(key, "/") || strings.ContainsAny(key, " \r\n?#") {
		return 0, fmt.Errorf("fault: key %q: write it like /services/api/api-1", key)
	}
	ctx, cancel := context.WithTimeout(ctx, announceTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", etcd)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	release := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer release()
	head := "PUT /v2/keys" + key + " HTTP/1.1\r\nHost: " + etcd + "\r\nConnection: close\r\n" +
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 64\r\n\r\n"
	if _, err := conn.Write([]byte(head)); err != nil {
		return 0, err
	}
	closeWrite(conn)
	answer, err := io.ReadAll(io.LimitReader(conn, maxStatusLine))
	if len(answer) == 0 {
		return 0, errors.Join(errNoResponse, err)
	}
	_, rest, _ := strings.Cut(string(answer), " ")
	status, _ = strconv.Atoi(rest[:min(len(rest), 3)])
	return status, nil
}
