package etcd

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestTornWrites(t *testing.T) {
	for _, mode := range modes() {
		t.Run(mode, func(t *testing.T) {
			s := start(t, mode)
			for i, r := range rows() {
				t.Run(r.name, func(t *testing.T) {
					if r.end == reset && runtime.GOOS != "linux" {
						t.Skip("elsewhere a reset may throw away what arrived before it")
					}
					want := r.outcomes()[mode]
					if got := s.replay(t, fmt.Sprintf("/rows/%d", i), r); got != want {
						t.Errorf("outcome of %s: got %q, want %q", r.name, got, want)
					}
				})
			}
		})
	}
}

// Any etcd from 2.3 on does as mode plain does. That is how other versions than
// the embedded one were measured; docs/INCIDENT.md says which.
func TestExternalRows(t *testing.T) {
	s := external(t)
	for i, r := range rows() {
		t.Run(r.name, func(t *testing.T) {
			if !r.answered() {
				t.Skip("nobody hears the answer, so nobody knows when etcd has decided")
			}
			if got := s.replay(t, fmt.Sprintf("/firebreak-rows/%d", i), r); got != r.plain {
				t.Errorf("outcome of %s: got %q, want %q", r.name, got, r.plain)
			}
		})
	}
}

// A request line or header block that is cut is no request: nothing is written.
func TestCutBeforeTheBody(t *testing.T) {
	s := start(t, "incident")
	for i, cut := range []string{"PUT /v2/keys{key}?value=NEW-REC", "PUT /v2/keys{key}?value=QS&ttl=60 HTTP/1.1\r\nHost: etcd\r\n" + form + "\r\n"} {
		key := fmt.Sprintf("/cut/%d", i)
		before := s.put(t, key)
		c := dial(t, s.addr)
		write(t, c, strings.ReplaceAll(cut, "{key}", key))
		_ = c.CloseWrite()
		if _, err := io.ReadAll(c); err != nil {
			t.Errorf("request cut at %q: got error %v, want the server to end it", cut, err)
		}
		if after := s.get(t, key); after != before {
			t.Errorf("request cut at %q: got %+v stored, want %+v as before", cut, after, before)
		}
	}
}

// replay sends the row's request for a fresh key and says what came of it.
func (s *server) replay(t *testing.T, key string, r row) string {
	t.Helper()
	before := s.put(t, key)
	c := dial(t, s.addr)
	in := bufio.NewReader(c)
	status := s.send(t, c, in, key, r, before)
	switch r.end {
	case wait:
	case closes:
		_ = c.Close()
	case reset:
		_ = c.SetLinger(0)
		_ = c.Close()
	case fin:
		_ = c.CloseWrite()
	}
	if status == 0 && r.answered() {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("answer: %v", err)
		}
		status = resp.StatusCode
	}
	return s.outcome(t, key, status, before)
}

// outcome is what came of a write that was answered with a status, 0 when nobody
// heard it.
func (s *server) outcome(t *testing.T, key string, status int, before held) string {
	t.Helper()
	if s.writes != nil {
		// The line in the log comes after the write, also when nobody hears the answer.
		logged := s.status(t, key)
		if status != 0 && status != logged {
			t.Errorf("status: the client got %d, the log says %d", status, logged)
		}
		status = logged
	}
	return fmt.Sprintf("%d %s", status, s.get(t, key).compare(before))
}

// send writes the request up to its end. When the row waits for "100 Continue" and
// etcd answers at once instead, that is the status, else it is 0.
func (s *server) send(t *testing.T, c net.Conn, in *bufio.Reader, key string, r row, before held) int {
	t.Helper()
	method, query, _ := strings.Cut(r.line, " ")
	method, version, old := strings.Cut(method, "/")
	if !old {
		version = "1.1"
	}
	query = strings.ReplaceAll(query, "{index}", strconv.FormatUint(before.ModifiedIndex, 10))
	lines := append([]string{fmt.Sprintf("%s /v2/keys%s%s HTTP/%s", method, key, query, version), "Host: etcd"}, r.head...)
	write(t, c, strings.Join(lines, "\r\n")+"\r\n\r\n")
	if slices.Contains(r.head, expect) {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("answer to the headers: %v", err)
		}
		if resp.StatusCode != http.StatusContinue {
			return resp.StatusCode
		}
	}
	for _, packet := range r.body {
		write(t, c, packet)
	}
	return 0
}

// held is what a key holds; the zero value is a key that is not there.
type held struct {
	Value         string `json:"value"`
	TTL           int    `json:"ttl"`
	ModifiedIndex uint64 `json:"modifiedIndex"`
}

// compare names a key's state in the words of the table.
func (h held) compare(before held) string {
	if h == (held{}) {
		return "gone"
	}
	ttl := "none"
	if h.TTL > 0 && h.TTL <= 60 {
		ttl = "60"
	}
	names := map[string]string{"": "empty", value: "new", "NEW-": "cut", "QS": "query", "OLD": "renewed"}
	name, known := names[h.Value]
	switch {
	case h.Value == "OLD" && h.ModifiedIndex == before.ModifiedIndex:
		name = "old"
	case !known:
		name = fmt.Sprintf("%q", h.Value)
	}
	return name + " " + ttl
}

// put stores OLD the way that no mode objects to.
func (s *server) put(t *testing.T, key string) held {
	t.Helper()
	if s.writes == nil {
		s.remove(t, key)
	}
	c := dial(t, s.addr)
	write(t, c, "PUT /v2/keys"+key+"?value=OLD&ttl=60 HTTP/1.1\r\nHost: etcd\r\nConnection: close\r\n\r\n")
	if answer, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 201") {
		t.Fatalf("put of OLD: got %q and error %v, want 201", answer, err)
	}
	if s.writes != nil {
		if status := s.status(t, key); status != http.StatusCreated {
			t.Fatalf("put of OLD: the log says %d, want 201", status)
		}
	}
	return s.get(t, key)
}

// remove deletes what is at the key, if anything.
func (s *server) remove(t *testing.T, key string) {
	t.Helper()
	if err := send(t.Context(), http.MethodDelete, s.url()+"/v2/keys"+key, nil); err != nil {
		t.Fatal(err)
	}
	if s.writes != nil {
		s.status(t, key)
	}
}

func (s *server) get(t *testing.T, key string) held {
	t.Helper()
	resp, err := http.Get(s.url() + "/v2/keys" + key + "?quorum=true")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusNotFound {
		return held{}
	}
	var answer struct {
		Node *held `json:"node"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Node == nil {
		t.Fatalf("get of %s: got status %s and error %v, want a node", key, resp.Status, err)
	}
	return *answer.Node
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(limit))
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		t.Fatalf("connection: got a %T, want TCP", c)
	}
	return tcp
}

// write sends one packet. A server that has answered already may refuse it.
func write(t *testing.T, c net.Conn, packet string) {
	t.Helper()
	if _, err := io.WriteString(c, packet); err != nil {
		t.Logf("write of %.40q: %v", packet, err)
	}
}
