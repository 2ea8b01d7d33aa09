//go:build unix

package chaos

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// refused is an answer of etcd's that is a no.
type refused struct {
	status int
	text   string
}

func (r *refused) Error() string { return fmt.Sprintf("status %d: %.200s", r.status, r.text) }

// statusOf is the status of a refusal, or 0.
func statusOf(err error) int {
	if r, ok := errors.AsType[*refused](err); ok {
		return r.status
	}
	return 0
}

// carrier keeps a connection for every worker of a test.
var carrier = &http.Transport{MaxIdleConnsPerHost: 64}

// send is one request of any client of etcd's. The target is sent as it is written.
func send(ctx context.Context, method, target string, form url.Values) error {
	return sendOver(ctx, carrier, method, target, form)
}

func sendOver(ctx context.Context, over http.RoundTripper, method, target string, form url.Values) error {
	req, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := over.RoundTrip(req) // which follows no redirect
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= http.StatusMultipleChoices {
		err = &refused{resp.StatusCode, string(text)}
	}
	return err
}

// put stores a value under a key, by its escaped path; a ttl of 0 is for ever.
func (s *server) put(ctx context.Context, path, value string, ttl time.Duration) error {
	form := url.Values{"value": {value}}
	if ttl > 0 {
		form.Set("ttl", strconv.Itoa(int(ttl.Seconds())))
	}
	return send(ctx, http.MethodPut, s.url(path), form)
}

// putAll stores many values over one connection, and asks for the next one before the
// last one was answered.
func (s *server) putAll(ctx context.Context, all iter.Seq2[string, string]) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(callLimit))
	asked := make(chan int, 1)
	go func() {
		n := 0
		out := bufio.NewWriter(conn)
		for path, value := range all {
			form := "value=" + url.QueryEscape(value)
			_, _ = fmt.Fprintf(out, "PUT /v2/keys%s HTTP/1.1\r\nHost: etcd\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", path, len(form), form)
			n++
		}
		_, _ = out.WriteString("HEAD / HTTP/1.1\r\nHost: etcd\r\nConnection: close\r\n\r\n")
		_ = out.Flush()
		asked <- n
	}()
	in, stored := bufio.NewReader(conn), 0
	for {
		line, err := in.ReadString('\n')
		if strings.HasPrefix(line, "HTTP/1.1 201") {
			stored++
		}
		if err == nil {
			continue
		}
		if n := <-asked; stored != n || !errors.Is(err, io.EOF) {
			return fmt.Errorf("%d of %d stored: %w", stored, n, err)
		}
		return nil
	}
}

// remove deletes a key or a directory with all below. What is not there is fine.
func (s *server) remove(ctx context.Context, path string) error {
	err := send(ctx, http.MethodDelete, s.url(path)+"?recursive=true", nil)
	if statusOf(err) == http.StatusNotFound {
		return nil
	}
	return err
}

// tear is a PUT of which only the first bytes of the form arrive. With an honest
// length the middleware of 2020 makes it an empty value; where the request says
// that it is as short as it is, etcd itself stores what there is. Both take the
// TTL away.
func (s *server) tear(ctx context.Context, path, value string, arrives int, honest bool) error {
	form := "value=" + url.QueryEscape(value) + "&ttl=60"
	arrives = min(arrives, len(form))
	length := len(form)
	if !honest {
		length = arrives
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	head := fmt.Sprintf("PUT /v2/keys%s HTTP/1.1\r\nHost: etcd\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", path, length)
	if _, err := io.WriteString(conn, head+form[:arrives]); err != nil {
		return err
	}
	if half, ok := conn.(*net.TCPConn); ok {
		_ = half.CloseWrite()
	}
	_, err = io.Copy(io.Discard, conn) // until etcd has made of it what it makes
	return err
}
