package etcd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	clientv2 "go.etcd.io/etcd/client/v2"
)

// clientRow is one write of a real client to a key that holds OLD for 60 s. Send
// returns the status that the client heard, 0 for none; the outcomes are worded as
// those of a row.
type clientRow struct {
	name     string
	send     func(t *testing.T, s *server, key string) int
	plain    string
	incident string
	guard    string
}

func (r clientRow) outcomes() map[string]string {
	return map[string]string{"plain": r.plain, "incident": r.incident, "guard": r.guard}
}

func clientRows() []clientRow {
	return []clientRow{
		{"n1 Go client, whole", goPut(form, sized, entire), stored, stored, stored},
		{"n2 Go client, headers only", goPut(form, sized, cut), refused, wiped, refused},
		{"n3 Go client without type, whole", goPut("", sized, entire), wiped, wiped, stored},
		{"n4 Go client without type, headers only", goPut("", sized, cut), wiped, wiped, refused},
		{"n5 Go client in chunks, whole", goPut(form, unsized, entire), stored, stored, stored},
		{"n6 Go client in chunks, headers only", goPut(form, unsized, cut), refused, wiped, refused},
		{"n7 Go client, a retry with the body spent", goRetry, wiped, wiped, refused},
		{"o1 etcd client, set, whole", etcdSet(clientv2.SetOptions{TTL: time.Minute}, entire), stored, stored, stored},
		{"o2 etcd client, set, headers only", etcdSet(clientv2.SetOptions{TTL: time.Minute}, cut), refused, wiped, refused},
		{"o3 etcd client, create, headers only", etcdSet(clientv2.SetOptions{PrevExist: clientv2.PrevNoExist}, cut), refused, exists, refused},
		{"q1 second on a connection, FIN", reused(form), refused, wiped, refused},
		{"q2 second on a connection without type, FIN", reused(""), wiped, wiped, refused},
		{"q3 create only of a new key, FIN", createNew(form), "400 gone", "201 empty none", "400 gone"},
		{"q4 create only of a new key without type, FIN", createNew(""), "201 empty none", "201 empty none", "400 gone"},
	}
}

func TestClientWrites(t *testing.T) {
	for _, mode := range modes() {
		t.Run(mode, func(t *testing.T) {
			s := start(t, mode)
			for _, r := range clientRows() {
				t.Run(r.name, func(t *testing.T) {
					id, _, _ := strings.Cut(r.name, " ")
					key := "/clients/" + id
					before := s.put(t, key)
					status := r.send(t, s, key)
					if got, want := s.outcome(t, key, status, before), r.outcomes()[mode]; got != want {
						t.Errorf("outcome of %s: got %q, want %q", r.name, got, want)
					}
				})
			}
		})
	}
}

// What becomes of the body on its way.
const (
	entire = false
	cut    = true
)

// sized and unsized are a body whose length Go's client knows, and one that it
// has to send in chunks.
func sized() io.Reader   { return strings.NewReader(full) }
func unsized() io.Reader { return io.MultiReader(sized()) }

func goPut(header string, body func() io.Reader, torn bool) func(*testing.T, *server, string) int {
	return func(t *testing.T, s *server, key string) int {
		t.Helper()
		return attempt(t, s.url()+"/v2/keys"+key, header, body(), torn)
	}
}

// goRetry is a loop around the client that sends one reader twice: the second
// request is whole, and its form is empty.
func goRetry(t *testing.T, s *server, key string) int {
	t.Helper()
	body := unsized()
	attempt(t, s.url()+"/v2/keys"+key, form, body, cut)
	s.status(t, key)
	return attempt(t, s.url()+"/v2/keys"+key, form, body, entire)
}

// attempt is one request of Go's client; it returns 0 when it heard no answer.
func attempt(t *testing.T, target, header string, body io.Reader, torn bool) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, target, body)
	if err != nil {
		t.Fatal(err)
	}
	if name, value, found := strings.Cut(header, ": "); found {
		req.Header.Set(name, value)
	}
	client := http.Client{Transport: transport(t, torn), Timeout: limit}
	resp, err := client.Do(req)
	switch {
	case torn && (errors.Is(err, errCut) || errors.Is(err, net.ErrClosed)):
		return 0
	case err != nil || torn:
		t.Fatalf("put: got error %v, want the cut to be the only one", err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// etcdSet writes as etcd's own client of the v2 API does.
func etcdSet(opts clientv2.SetOptions, torn bool) func(*testing.T, *server, string) int {
	return func(t *testing.T, s *server, key string) int {
		t.Helper()
		c, err := clientv2.New(clientv2.Config{Endpoints: []string{s.url()}, Transport: transport(t, torn)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := clientv2.NewKeysAPI(c).Set(t.Context(), key, value, &opts); (err != nil) != torn {
			t.Fatalf("set: got error %v, want one only when it is cut", err)
		}
		return 0 // the client does not tell it
	}
}

// reused sends a torn write after a whole one over the same connection.
func reused(header string) func(*testing.T, *server, string) int {
	return func(t *testing.T, s *server, key string) int {
		t.Helper()
		c := dial(t, s.addr)
		in := bufio.NewReader(c)
		write(t, c, head(key+"-before", "", form)+full)
		if status := hear(t, in); status != http.StatusCreated {
			t.Fatalf("first write on the connection: got status %d, want 201", status)
		}
		write(t, c, head(key, "", header))
		_ = c.CloseWrite()
		return hear(t, in)
	}
}

// createNew tears the write of a key that is not there yet.
func createNew(header string) func(*testing.T, *server, string) int {
	return func(t *testing.T, s *server, key string) int {
		t.Helper()
		s.remove(t, key)
		c := dial(t, s.addr)
		write(t, c, head(key, "?prevExist=false", header))
		_ = c.CloseWrite()
		return hear(t, bufio.NewReader(c))
	}
}

// head is a request line and headers that announce the full form.
func head(key, query, header string) string {
	lines := []string{"PUT /v2/keys" + key + query + " HTTP/1.1", "Host: etcd", length}
	if header != "" {
		lines = append(lines, header)
	}
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

func hear(t *testing.T, in *bufio.Reader) int {
	t.Helper()
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatalf("answer: %v", err)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if err != nil {
		t.Fatalf("answer: %v", err)
	}
	return resp.StatusCode
}

// transport has connections of its own, which end after the headers when torn.
func transport(t *testing.T, torn bool) *http.Transport {
	t.Helper()
	tr := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if torn && err == nil {
			c = &cutConn{Conn: c}
		}
		return c, err
	}}
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

var errCut = errors.New("the test cut the connection after the headers")

// cutConn carries one request's headers and closes before the first byte of its body.
// Only the transport's writer uses the fields.
type cutConn struct {
	net.Conn
	sent   []byte
	closed bool
}

func (c *cutConn) Write(p []byte) (int, error) {
	if c.closed {
		return 0, errCut
	}
	end := len(p)
	before, _, whole := bytes.Cut(append(bytes.Clone(c.sent), p...), []byte("\r\n\r\n"))
	if whole {
		end = max(len(before)+len("\r\n\r\n")-len(c.sent), 0)
	}
	n, err := c.Conn.Write(p[:end])
	c.sent = append(c.sent, p[:n]...)
	if err == nil && end < len(p) {
		c.closed = true
		_ = c.Close()
		err = errCut
	}
	return n, err
}
