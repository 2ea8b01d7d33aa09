package etcdv2

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// wire is what one request looked like on the socket.
type wire struct {
	line   string // with its line end
	head   http.Header
	length int64
	body   string
}

// recordWrites serves one request a connection and hands out what it read.
func recordWrites(t *testing.T, echo func(*http.Request) string) (endpoint string, got <-chan wire) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	seen := make(chan wire, 8)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if w, ok := answerWrite(c, echo); ok {
				seen <- w
			}
			_ = c.Close()
		}
	}()
	return "http://" + l.Addr().String(), seen
}

func answerWrite(c net.Conn, echo func(*http.Request) string) (wire, bool) {
	in := bufio.NewReaderSize(c, 1<<20)
	line, err := in.ReadString('\n')
	if err != nil {
		return wire{}, false
	}
	req, err := http.ReadRequest(bufio.NewReader(io.MultiReader(strings.NewReader(line), in)))
	if err != nil {
		return wire{}, false
	}
	body, err := io.ReadAll(req.Body)
	reply := echo(req)
	_, _ = fmt.Fprintf(c, "HTTP/1.1 201 Created\r\nX-Etcd-Index: 9\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(reply), reply)
	return wire{line: line, head: req.Header, length: req.ContentLength, body: string(body)}, err == nil
}

func echoKey(req *http.Request) string {
	key := strings.TrimPrefix(req.URL.Path, keysPath)
	return fmt.Sprintf(`{"action":"set","node":{"key":%q,"value":"v","modifiedIndex":9,"ttl":60}}`, key)
}

// The boundary that keeps a write in one piece: one byte below the limit all of it
// is in the request line, at the limit the value moves into a form and the TTL and
// the precondition stay.
func TestRequestLineBoundary(t *testing.T) {
	endpoint, wires := recordWrites(t, echoKey)
	r := newRegistry(t, Config{Endpoints: []string{endpoint}})
	empty := len("PUT /v2/keys" + testKey + "?prevExist=false&ttl=60&value= HTTP/1.1\r\n")
	rows := []struct {
		name   string
		line   int
		inline bool
	}{
		{"small", 200, true},
		{"one below the limit", MaxRequestLine - 1, true},
		{"at the limit", MaxRequestLine, false},
		{"one above the limit", MaxRequestLine + 1, false},
		{"64 KiB", 64 << 10, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			value := strings.Repeat("v", row.line-empty)
			if _, err := r.Create(t.Context(), testKey, value, time.Minute); err != nil {
				t.Fatalf("create: got error %v, want none", err)
			}
			w := <-wires
			if row.inline {
				if len(w.line) != row.line || w.length != 0 || w.body != "" || w.head.Get("Content-Type") != "" {
					t.Errorf("request: got a line of %d bytes, length %d, body of %d bytes, type %q; want %d, 0, none, none",
						len(w.line), w.length, len(w.body), w.head.Get("Content-Type"), row.line)
				}
				return
			}
			want := url.Values{"value": {value}}.Encode()
			if w.body != want || w.head.Get("Content-Type") != formType || w.length != int64(len(want)) {
				t.Errorf("form: got %d bytes of type %q, want %d of %q", len(w.body), w.head.Get("Content-Type"), len(want), formType)
			}
			if w.line != "PUT /v2/keys"+testKey+"?prevExist=false&ttl=60 HTTP/1.1\r\n" {
				t.Errorf("request line: got %q, want the precondition and the TTL and no value", w.line)
			}
		})
	}
}

func TestWritesOnTheWire(t *testing.T) {
	endpoint, wires := recordWrites(t, echoKey)
	r := newRegistry(t, Config{Endpoints: []string{endpoint}, Username: "u", Password: "p"})
	ctx := t.Context()
	rows := []struct {
		name string
		call func() error
		want string
	}{
		{"create", func() error { _, err := r.Create(ctx, testKey, `{"a":1}&b`, time.Minute); return err }, "PUT ?prevExist=false&ttl=60&value=%7B%22a%22%3A1%7D%26b"},
		{"create that never expires", func() error { _, err := r.Create(ctx, testKey, "v", 0); return err }, "PUT ?prevExist=false&value=v"},
		{"TTL rounded up", func() error { _, err := r.Create(ctx, testKey, "v", 500*time.Millisecond); return err }, "PUT ?prevExist=false&ttl=1&value=v"},
		{"TTL of whole seconds", func() error { _, err := r.Create(ctx, testKey, "v", 2*time.Second); return err }, "PUT ?prevExist=false&ttl=2&value=v"},
		{"refresh", func() error { _, err := r.Refresh(ctx, testKey, time.Minute); return err }, "PUT ?prevExist=true&refresh=true&ttl=60"},
		{"swap", func() error { _, err := r.Swap(ctx, testKey, "v", time.Minute, 12); return err }, "PUT ?prevIndex=12&ttl=60&value=v"},
		{"delete", func() error { return r.Delete(ctx, testKey, 12) }, "DELETE ?prevIndex=12"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if err := row.call(); err != nil {
				t.Fatalf("call: got error %v, want none", err)
			}
			w := <-wires
			method, query, _ := strings.Cut(row.want, " ")
			if want := method + " /v2/keys" + testKey + query + " HTTP/1.1\r\n"; w.line != want {
				t.Errorf("request line: got %q, want %q", w.line, want)
			}
			if w.length > 0 || w.body != "" {
				t.Errorf("body: got %q, want none", w.body)
			}
			if got := w.head.Get("Authorization"); !strings.HasPrefix(got, "Basic ") {
				t.Errorf("authorization: got %q, want the user's", got)
			}
		})
	}
}

// What can be refused without a request is, since etcd would take it for a wider write.
func TestRefusedBeforeTheWire(t *testing.T) {
	m := newFakeMember(t, reply{status: 200})
	r := newRegistry(t, Config{Endpoints: []string{m.URL}})
	ctx := t.Context()
	rows := map[string]func() error{
		"swap of any index":   func() error { _, err := r.Swap(ctx, testKey, "v", time.Minute, 0); return err },
		"delete of any index": func() error { return r.Delete(ctx, testKey, 0) },
		"refresh without TTL": func() error { _, err := r.Refresh(ctx, testKey, 0); return err },
		"negative TTL":        func() error { _, err := r.Create(ctx, testKey, "v", -1); return err },
		"key with dots":       func() error { _, err := r.Get(ctx, "/services/../x"); return err },
		"key without a slash": func() error { _, err := r.Get(ctx, "services/x"); return err },
		"directory as a key":  func() error { _, err := r.Create(ctx, testDirectory, "v", time.Minute); return err },
		"root as a key":       func() error { return r.Delete(ctx, "/", 3) },
		"key as a directory":  func() error { _, err := r.List(ctx, testKey); return err },
		"next of a key":       func() error { _, err := r.Next(ctx, testKey, 1); return err },
		"endless key":         func() error { _, err := r.Get(ctx, "/"+strings.Repeat("k", 5000)); return err },
	}
	for name, call := range rows {
		if err := call(); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got error %v, want one line", name, err)
		}
	}
	if got := m.requests.Load(); got != 0 {
		t.Errorf("requests: got %d, want none", got)
	}
}

func TestEchoOfAnotherKeyIsAnError(t *testing.T) {
	m := newFakeMember(t, reply{status: 201, body: `{"action":"set","node":{"key":"/other","value":"v","modifiedIndex":9}}`})
	r := newRegistry(t, Config{Endpoints: []string{m.URL}})
	if e, err := r.Create(t.Context(), testKey, "v", time.Minute); err == nil || e != (registry.Entry{}) {
		t.Errorf("create: got %+v and error %v, want an error and no entry", e, err)
	}
}
