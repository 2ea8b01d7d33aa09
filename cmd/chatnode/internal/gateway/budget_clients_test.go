package gateway

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// clientsVariable makes the test binary be the clients of a benchmark instead: a process has not enough sockets for both
// sides of 19,000 connections, and the memory of the clients is not what is measured.
const clientsVariable = "FIREBREAK_GATEWAY_CLIENTS"

func TestMain(m *testing.M) {
	if os.Getenv(clientsVariable) != "" {
		if err := new(crowd).serve(os.Stdin, os.Stdout); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, "clients:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const (
	// stampMark stands before the time at which a message was sent, in nanoseconds.
	stampMark = `"content":"@`
	// dialsAtOnce is how many clients connect at the same time.
	dialsAtOnce = 64
)

// crowd is the process of the clients: bare sockets, that read and look for stamps.
type crowd struct {
	sockets []net.Conn
	arrived atomic.Int64

	mu   sync.Mutex // owns took
	took *hdrhistogram.Histogram
}

// measured is what the clients say of the messages since the last time.
type measured struct {
	Arrived  int64
	P50, P99 float64 // milliseconds
	Max      float64
	Error    string
}

// serve does what it is told, a line each: "open ADDRESS GUILDS COUNT" (with GUILDS 0 without any login), and "heard COUNT".
func (c *crowd) serve(in io.Reader, out io.Writer) error {
	c.took = newHistogram()
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		answer := measured{}
		var err error
		switch {
		case len(words) == 4 && words[0] == "open":
			err = c.open(words[1], number(words[2]), number(words[3]))
		case len(words) == 2 && words[0] == "heard":
			answer, err = c.heard(int64(number(words[1])))
		case len(words) == 1 && words[0] == "close":
			for _, s := range c.sockets {
				_ = s.Close()
			}
			c.sockets = nil
		default:
			return fmt.Errorf("order %q is none", lines.Text())
		}
		if err != nil {
			answer.Error = err.Error()
		}
		if err := json.NewEncoder(out).Encode(answer); err != nil {
			return err
		}
	}
	return lines.Err()
}

func number(word string) int {
	n, err := strconv.Atoi(word)
	if err != nil {
		return -1
	}
	return n
}

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, time.Minute.Microseconds(), 3)
}

// open connects so many clients, each of which is in one of the guilds, in turn.
func (c *crowd) open(address string, guilds, count int) error {
	errs := make(chan error, count)
	places := make(chan struct{}, dialsAtOnce)
	var mu sync.Mutex
	for i := range count {
		places <- struct{}{}
		go func() {
			defer func() { <-places }()
			login := ""
			if guilds > 0 {
				login = fmt.Sprintf(`{"op":2,"d":{"token":"%d/%d","properties":{},"intents":513}}`, i, i%guilds+1)
			}
			socket, err := c.client(address, login)
			mu.Lock()
			c.sockets = append(c.sockets, socket)
			mu.Unlock()
			errs <- err
		}()
	}
	var all []error
	for range count {
		if err := <-errs; err != nil && len(all) < 3 {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// client connects one, and leaves it reading. Version 9 gets all of a message.
func (c *crowd) client(address, login string) (net.Conn, error) {
	socket, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(socket, "GET /?v=9 HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", address)
	if err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(socket, 1024)
	for line := ""; line != "\r\n"; {
		if line, err = in.ReadString('\n'); err != nil {
			return nil, err
		}
	}
	if login != "" {
		frame := append([]byte{0x81, 0x80 | byte(len(login)), 0, 0, 0, 0}, login...)
		if _, err := socket.Write(frame); err != nil {
			return nil, err
		}
		for range 2 { // Hello and READY
			if err := skipFrame(in); err != nil {
				return nil, err
			}
		}
	}
	go c.read(in)
	return socket, nil
}

func (c *crowd) read(in *bufio.Reader) {
	var payload []byte
	for {
		head, err := in.Peek(4)
		if err != nil {
			return
		}
		size, skip := int(head[1]), 2
		if size == 126 {
			size, skip = int(head[2])<<8|int(head[3]), 4
		}
		if _, err := in.Discard(skip); err != nil {
			return
		}
		if cap(payload) < size {
			payload = make([]byte, size)
		}
		if _, err := io.ReadFull(in, payload[:size]); err != nil {
			return
		}
		if _, rest, found := bytes.Cut(payload[:size], []byte(stampMark)); found {
			digits, _, _ := bytes.Cut(rest, []byte(" "))
			c.note(time.Now().UnixNano(), digits)
		}
	}
}

func (c *crowd) note(now int64, digits []byte) {
	sent, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil {
		return
	}
	c.mu.Lock()
	_ = c.took.RecordValue(min(max((now-sent)/1000, 1), time.Minute.Microseconds()))
	c.mu.Unlock()
	c.arrived.Add(1)
}

// heard waits for so many messages, and says how long they took.
func (c *crowd) heard(count int64) (measured, error) {
	var err error
	for deadline := time.Now().Add(time.Minute); c.arrived.Load() < count && err == nil; <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			err = fmt.Errorf("%d of %d messages arrived", c.arrived.Load(), count)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	at := func(q float64) float64 { return float64(c.took.ValueAtQuantile(q)) / 1000 }
	m := measured{Arrived: c.arrived.Swap(0), P50: at(50), P99: at(99), Max: float64(c.took.Max()) / 1000}
	c.took.Reset()
	return m, err
}

// outside is the crowd as the benchmark sees it.
type outside struct {
	b   *testing.B
	say io.Writer
	in  *bufio.Scanner
}

func newOutside(b *testing.B) *outside {
	b.Helper()
	path, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	command := exec.CommandContext(b.Context(), path)
	command.Env = append(os.Environ(), clientsVariable+"=1")
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		_ = command.Wait()
	})
	return &outside{b, in, bufio.NewScanner(out)}
}

func (o *outside) does(format string, args ...any) measured {
	o.b.Helper()
	if _, err := fmt.Fprintf(o.say, format+"\n", args...); err != nil {
		o.b.Fatal(err)
	}
	if !o.in.Scan() {
		o.b.Fatalf("clients: got no answer: %v", o.in.Err())
	}
	var m measured
	if err := json.Unmarshal(o.in.Bytes(), &m); err != nil {
		o.b.Fatal(err)
	}
	if m.Error != "" {
		o.b.Fatalf("clients: %s", m.Error)
	}
	return m
}
