package etcd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/firebreak-go/firebreak/registry"
)

// cutter is a proxy in front of an etcd that cuts one PUT of each key at a byte of
// its plan's choosing, and looks, through a door of its own, at what every request
// for that key finds from then on.
type cutter struct {
	listener net.Listener
	etcd     string // host:port
	direct   http.Client
	carried  sync.WaitGroup

	mu    sync.Mutex
	plans map[string]*plan // by the key's last part
}

// place is where a request is cut.
type place int

const (
	anywhere place = iota
	lineEnd
	headEnd
	bodyBegun
	lastByte  // all but that
	answer    // all of the request arrives, and its answer is lost
	placeKind // how many there are
)

// plan is what becomes of one key's requests.
type plan struct {
	nth    int // which of its PUTs is cut, from 1
	place  place
	random float64 // for anywhere
	reset  bool    // broken off, and not ended
	was    string  // what the key held at first

	puts, cuts int
	bad        found // requests that found a value that does not decode
	trouble    []string
}

type found struct{ looks, writes int }

// holding is what etcd has under a key; there is none when the index is 0.
type holding struct {
	Value         string `json:"value"`
	TTL           int    `json:"ttl"`
	ModifiedIndex uint64 `json:"modifiedIndex"`
}

func newCutter(t *testing.T, etcd string) *cutter {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{listener: l, etcd: etcd, plans: make(map[string]*plan)}
	c.direct.Transport = &http.Transport{MaxIdleConnsPerHost: 32}
	c.carried.Go(c.accept)
	t.Cleanup(func() {
		_ = l.Close()
		c.carried.Wait()
		c.direct.CloseIdleConnections()
	})
	return c
}

func (c *cutter) plan(id string, p plan) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plans[id] = &p
}

// outcome forgets a plan and says what came of it.
func (c *cutter) outcome(id string) plan {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := *c.plans[id]
	delete(c.plans, id)
	return p
}

func (c *cutter) accept() {
	for {
		client, err := c.listener.Accept()
		if err != nil {
			return
		}
		c.carried.Go(func() { c.carry(client) })
	}
}

// carry serves one connection over one of its own, a request at a time, until one of
// them ends or a request is cut.
func (c *cutter) carry(client net.Conn) {
	defer func() { _ = client.Close() }()
	conn, err := net.DialTimeout("tcp", c.etcd, limit)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(2 * limit))
	in, answers, out := bufio.NewReader(client), bufio.NewReader(conn), bufio.NewWriter(client)
	for {
		req, raw, headLength, err := readRequest(in)
		if err != nil {
			return
		}
		cut := c.admit(req, len(raw), headLength, bytes.IndexByte(raw, '\n')+1)
		if cut.length >= 0 {
			_, _ = conn.Write(raw[:cut.length])
			c.end(conn, answers, path.Base(req.URL.Path), cut.reset)
			return
		}
		if _, err = conn.Write(raw); err != nil {
			return
		}
		resp, err := http.ReadResponse(answers, req)
		if err != nil {
			return
		}
		if err = errors.Join(resp.Write(out), out.Flush()); err != nil || resp.Close {
			return
		}
	}
}

// end ends the connection to etcd after its last byte. The end of a stream comes
// after etcd has done what it makes of the request; a reset tells nothing.
func (c *cutter) end(conn net.Conn, answers io.Reader, id string, reset bool) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	if reset {
		_ = tcp.SetLinger(0)
		return
	}
	_ = tcp.CloseWrite()
	_, _ = io.Copy(io.Discard, answers)
	c.look(id, nil)
}

func readRequest(in *bufio.Reader) (req *http.Request, raw []byte, headLength int, err error) {
	for !bytes.HasSuffix(raw, []byte("\r\n\r\n")) {
		line, err := in.ReadBytes('\n')
		raw = append(raw, line...)
		if err != nil {
			return nil, nil, 0, err
		}
	}
	headLength = len(raw)
	req, err = http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		return nil, nil, 0, err
	}
	body := make([]byte, max(req.ContentLength, 0))
	_, err = io.ReadFull(in, body)
	return req, append(raw, body...), headLength, err
}

// cutting is how much of a request passes; a negative length is all of it, and its
// answer too.
type cutting struct {
	length int
	reset  bool
}

// admit counts a request, and says whether it is the one to be cut.
func (c *cutter) admit(req *http.Request, length, headLength, lineLength int) cutting {
	id := path.Base(req.URL.Path)
	c.mu.Lock()
	p := c.plans[id]
	if p == nil {
		c.mu.Unlock()
		return cutting{length: -1}
	}
	put := req.Method == http.MethodPut
	if put {
		p.puts++
	}
	chosen, dirty := put && p.cuts == 0 && p.puts == p.nth, p.cuts > 0
	if chosen {
		p.cuts++
	}
	c.mu.Unlock()
	if dirty {
		c.look(id, req)
	}
	if !chosen {
		return cutting{length: -1}
	}
	at := map[place]int{
		anywhere: int(p.random * float64(length+1)), lineEnd: lineLength, headEnd: headLength,
		bodyBegun: min(headLength+1, length), lastByte: length - 1, answer: length,
	}[p.place]
	return cutting{length: min(at, length), reset: p.reset}
}

// look sees what a key holds before a request for it goes on, or, without one, after
// it was cut.
func (c *cutter) look(id string, req *http.Request) {
	held, err := c.get(id)
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.plans[id]
	switch {
	case p == nil:
		return
	case err != nil:
		p.trouble = append(p.trouble, err.Error())
		return
	case held.ModifiedIndex == 0:
		return
	}
	if held.TTL == 0 && held.Value != p.was {
		p.trouble = append(p.trouble, fmt.Sprintf("%d bytes without a TTL after the cut", len(held.Value)))
	}
	if _, err := registry.Decode("api", id, held.Value); err == nil || req == nil {
		return
	}
	if req.Method == http.MethodGet {
		p.bad.looks++
	} else {
		p.bad.writes++
	}
}

// get reads a key behind the proxy's back.
func (c *cutter) get(id string) (holding, error) {
	resp, err := c.direct.Get("http://" + c.etcd + "/v2/keys/services/api/" + id + "?quorum=true")
	if err != nil {
		return holding{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	var got struct {
		Node  holding `json:"node"`
		Cause string  `json:"message"`
	}
	if err := json.UnmarshalRead(resp.Body, &got); err != nil {
		return holding{}, err
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNotFound {
		return holding{}, fmt.Errorf("get of %s: %s %s", id, strconv.Itoa(resp.StatusCode), got.Cause)
	}
	return got.Node, nil
}
