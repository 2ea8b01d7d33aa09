package gateway

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// raw is a client that writes bytes instead of messages.
type raw struct {
	t      *testing.T
	socket net.Conn
	in     *bufio.Reader
}

func (r *running) raw(t *testing.T) *raw {
	t.Helper()
	socket, in := bareSocket(t, strings.TrimPrefix(r.url, "ws://"), "/?v=10", nil)
	return &raw{t, socket, in}
}

// The first byte of a frame, and the bit of its second that says that it is masked.
const (
	frameText     = 0x01
	frameMore     = 0x00
	framePing     = 0x09
	frameFinal    = 0x80
	frameReserved = 0x40
	frameMasked   = 0x80
)

// rawFrame is one of a client, with a mask of zeroes; it may lie about its length.
func rawFrame(first byte, length int, payload string) []byte {
	out := []byte{first, frameMasked | byte(min(length, 126))}
	if length >= 126 {
		out[1] = frameMasked | 126
		out = binary.BigEndian.AppendUint16(out, uint16(length))
	}
	return append(append(out, 0, 0, 0, 0), payload...)
}

// write ends quietly where the server has hung up.
func (c *raw) write(b []byte) bool {
	c.t.Helper()
	if err := c.socket.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		c.t.Fatal(err)
	}
	_, err := c.socket.Write(b)
	return err == nil
}

func (c *raw) login() {
	c.t.Helper()
	c.write(maskedIdentify("t1"))
	for range 2 { // Hello and READY
		if err := skipFrame(c.in); err != nil {
			c.t.Fatal(err)
		}
	}
}

// closesWith reads to the close frame; zero stands for an end without one.
func (c *raw) closesWith(code protocol.CloseCode) {
	c.t.Helper()
	if err := c.socket.SetReadDeadline(time.Now().Add(patience)); err != nil {
		c.t.Fatal(err)
	}
	for {
		head, err := c.in.Peek(4)
		switch {
		case err != nil && code == 0:
			return
		case err != nil:
			c.t.Fatalf("end: got %v, want a close with %d", err, code)
		case head[0] == frameFinal|0x08:
			if got := protocol.CloseCode(binary.BigEndian.Uint16(head[2:4])); got != code {
				c.t.Fatalf("close: got %d, want %d", got, code)
			}
			return
		}
		if err := skipFrame(c.in); err != nil {
			c.t.Fatal(err)
		}
	}
}

// Wrong types, and what is no payload at all, of a client that has a session: each ends its own connection, and nothing else.
func TestPayloadsThatAreWrong(t *testing.T) {
	t.Parallel()
	r := serve(t, nil)
	witness := r.dial(t, "/")
	witness.hears(`"op":10`)
	witness.say(identifyFrame)
	witness.hears(`"READY"`)
	const decode, unknown = protocol.CloseDecodeError, protocol.CloseUnknownOpcode
	rows := []struct {
		name, say string
		code      protocol.CloseCode
	}{
		{"nothing", ``, decode},
		{"no object", `[]`, decode},
		{"null", `null`, decode},
		{"no opcode", `{}`, decode},
		{"opcode as text", `{"op":"1"}`, decode},
		{"opcode as a fraction", `{"op":1.5}`, decode},
		{"opcode beyond any number", `{"op":1e400}`, decode},
		{"opcode twice", `{"op":1,"op":2}`, decode},
		{"something behind it", `{"op":1,"d":null}{}`, decode},
		{"no UTF-8", "{\"op\":1,\"d\":\"\xff\"}", decode},
		{"four thousand brackets", strings.Repeat("[", 4000), decode},
		{"nested deeply inside", `{"op":3,"d":` + strings.Repeat(`{"a":`, 700) + `1` + strings.Repeat("}", 701), decode},
		{"heartbeat of an object", `{"op":1,"d":{}}`, decode},
		{"presence of a list", `{"op":3,"d":[]}`, decode},
		{"presence with a number for a status", `{"op":3,"d":{"status":7}}`, decode},
		{"members by a number", `{"op":8,"d":{"guild_id":"7","query":7,"limit":0}}`, decode},
		{"members without a guild", `{"op":8,"d":{}}`, decode},
		{"opcode 99", `{"op":99}`, unknown},
		{"opcode below zero", `{"op":-1}`, unknown},
		{"a server's opcode", `{"op":10,"d":{"heartbeat_interval":1}}`, unknown},
		{"a second identify", identifyFrame, protocol.CloseAlreadyAuthenticated},
		{"a resume", `{"op":6,"d":{"token":"t1","session_id":"node-1.x","seq":1}}`, protocol.CloseAlreadyAuthenticated},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c := r.dial(t, "/")
			c.hears(`"op":10`)
			c.say(identifyFrame)
			c.hears(`"READY"`)
			c.say(row.say)
			c.closesWith(row.code)
		})
	}
	identify := func(d string) string { return `{"op":2,"d":` + d + `}` }
	for _, row := range []struct {
		name, say string
		code      protocol.CloseCode
	}{
		{"identify of nothing", identify(`null`), decode},
		{"token that is a number", identify(`{"token":1,"properties":{},"intents":0}`), decode},
		{"intents that are text", identify(`{"token":"t","properties":{},"intents":"all"}`), decode},
		{"properties that are a list", identify(`{"token":"t","properties":[],"intents":0}`), decode},
		{"shard of three", identify(`{"token":"t","properties":{},"intents":0,"shard":[0,1,2]}`), decode},
		{"shard that cannot be", identify(`{"token":"t","properties":{},"intents":0,"shard":[1,1]}`), protocol.CloseInvalidShard},
		{"intents that cannot be", identify(`{"token":"t","properties":{},"intents":-1}`), protocol.CloseInvalidIntents},
		{"token of nobody", identify(`{"token":"bad","properties":{},"intents":0}`), protocol.CloseAuthenticationFailed},
		{"token of 600 bytes", identify(`{"token":"` + strings.Repeat("x", 600) + `","properties":{},"intents":0}`), protocol.CloseAuthenticationFailed},
		{"resume with a number for a session", `{"op":6,"d":{"token":"t","session_id":7,"seq":1}}`, decode},
		{"resume from below zero", `{"op":6,"d":{"token":"t","session_id":"x","seq":"1"}}`, decode},
		{"presence before identify", `{"op":3,"d":{}}`, protocol.CloseNotAuthenticated},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := r.dial(t, "/")
			c.say(row.say)
			c.closesWith(row.code)
		})
	}
	witness.say(`{"op":1,"d":1}`)
	witness.hears(`"op":11`)
	r.eventually(t, "only the witness is left", func(s Stats) bool { return s.Sessions == 1 && s.Ready == 1 })
}

// Floods: of Identifies on one connection, and of heartbeats by a client that reads none of the answers.
func TestFloods(t *testing.T) {
	t.Parallel()
	r := serve(t, func(c *Config) { c.IdentifyLimit = 1 })
	r.follow(t, "/").login("t1", allIntents) // takes the one Identify of its window
	flood := r.dial(t, "/")
	flood.hears(`"op":10`)
	for range protocol.EventsPerWindow {
		flood.say(identifyFrame)
		flood.hears(`"op":9`)
	}
	flood.say(identifyFrame)
	flood.closesWith(protocol.CloseRateLimited)

	deaf := r.raw(t)
	deaf.login()
	before := inUse()
	beat := rawFrame(frameFinal|frameText, 17, `{"op":1,"d":null}`)
	burst := strings.Repeat(string(beat), 1000)
	for range 1000 { // a million, or until the server hangs up
		if !deaf.write([]byte(burst)) {
			break
		}
	}
	r.eventually(t, "the deaf client is gone", func(s Stats) bool { return s.Closes[protocol.CloseRateLimited] == 2 && s.Sessions == 1 })
	if grown := inUse() - before; grown > maxQueuedBytes {
		t.Errorf("memory: got %d bytes more after the flood, want at most %d", grown, maxQueuedBytes)
	}
}

// blackHole is a peer that vanishes without a word: what is sent to either side is swallowed, and no socket ends.
func blackHole(t *testing.T, to string) (address string, vanish func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	gone := make(chan struct{})
	pass := func(dst, src net.Conn) {
		buffer := make([]byte, 4096)
		for {
			n, err := src.Read(buffer)
			if err != nil {
				return
			}
			select {
			case <-gone:
			default:
				_, _ = dst.Write(buffer[:n])
			}
		}
	}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				_ = client.Close()
				return
			}
			t.Cleanup(func() { _ = client.Close(); _ = server.Close() })
			go pass(server, client)
			go pass(client, server)
		}
	}()
	return listener.Addr().String(), func() { close(gone) }
}

// A half-open connection is noticed by the heartbeats that stay away; its session waits, and can be resumed.
func TestHalfOpenSocket(t *testing.T) {
	t.Parallel()
	r := serve(t, func(c *Config) { c.HeartbeatInterval, c.ResumeWindow = 200*time.Millisecond, time.Hour })
	address, vanish := blackHole(t, strings.TrimPrefix(r.url, "ws://"))
	through := &running{Server: r.Server, url: "ws://" + address}
	f := through.follow(t, "/")
	f.login("t1", allIntents)
	vanish()
	r.DispatchGuild(t.Context(), say("into the void"))
	r.eventually(t, "the connection is given up, the session waits", func(s Stats) bool {
		return s.Sessions == 0 && s.Parked == 1 && s.Closes[protocol.CloseUnknown] == 1
	})
	second := r.follow(t, "/")
	second.resume(f)
	second.hear("MESSAGE_CREATE 2", "RESUMED 3")
}

// Clients that say something and then not the rest, or only what is no payload, are taken for dead as those that say nothing.
func TestUnfinishedMessages(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name string
		do   func(c *raw)
	}{
		{"half a head", func(c *raw) { c.write([]byte{frameFinal | frameText}) }},
		{"a head without a payload", func(c *raw) { c.write(rawFrame(frameFinal|frameText, 4000, "")) }},
		{"half a payload", func(c *raw) { c.write(rawFrame(frameFinal|frameText, 4000, `{"op":1,`)) }},
		{"a first part, and no other", func(c *raw) { c.write(rawFrame(frameText, 4, `{"op`)) }},
		{"empty parts without end", func(c *raw) {
			c.write(rawFrame(frameText, 0, ""))
			for c.write([]byte(strings.Repeat(string(rawFrame(frameMore, 0, "")), 500))) {
			}
		}},
		{"pings without end, whose answers nobody reads", func(c *raw) {
			ping := strings.Repeat(string(rawFrame(frameFinal|framePing, 125, strings.Repeat("x", 125))), 100)
			for c.write([]byte(ping)) {
			}
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := serve(t, func(c *Config) { c.HeartbeatInterval = 200 * time.Millisecond })
			c := r.raw(t)
			c.login()
			before := inUse()
			row.do(c)
			r.eventually(t, "the connection is given up", func(s Stats) bool { return s.Sessions == 0 && s.Closes[protocol.CloseUnknown] == 1 })
			if grown := inUse() - before; grown > 16<<20 { // other tests run beside
				t.Errorf("memory: got %d bytes more, want next to none", grown)
			}
		})
	}
}

// Frames that are no WebSocket's, and messages that are too long in whatever parts, end the connection at once.
func TestFramesThatAreWrong(t *testing.T) {
	t.Parallel()
	r := serve(t, nil)
	const protocolError = 1002
	text := `{"op":1,"d":null}`
	rows := []struct {
		name  string
		bytes []byte
		code  protocol.CloseCode
	}{
		{"not masked", append([]byte{frameFinal | frameText, byte(len(text))}, text...), 0}, // the library ends it without a word
		{"a reserved bit", rawFrame(frameFinal|frameReserved|frameText, len(text), text), protocolError},
		{"a kind that is none", rawFrame(frameFinal|0x03, len(text), text), protocolError},
		{"a continuation of nothing", rawFrame(frameFinal|frameMore, len(text), text), protocolError},
		{"a ping in parts", rawFrame(framePing, 1, "x"), protocolError},
		{"five thousand bytes in small parts", []byte(string(rawFrame(frameText, 100, strings.Repeat(" ", 100))) +
			strings.Repeat(string(rawFrame(frameMore, 100, strings.Repeat(" ", 100))), 50)), protocol.CloseDecodeError},
		{"a length beyond any memory", append([]byte{frameFinal | frameText, frameMasked | 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0},
			strings.Repeat(" ", 5000)...), protocol.CloseDecodeError},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c := r.raw(t)
			c.login()
			c.write(row.bytes)
			c.closesWith(row.code)
		})
	}
	r.eventually(t, "all are gone", func(s Stats) bool { return s.Sessions == 0 })
	half := r.raw(t)
	half.login()
	if tcp, ok := half.socket.(*net.TCPConn); !ok || tcp.CloseWrite() != nil {
		t.Fatal("a socket that is no TCP connection")
	}
	half.closesWith(0) // it can hear, but never speak again
	r.eventually(t, "the half-closed one is gone", func(s Stats) bool { return s.Sessions == 0 })
}

// Who never finishes the handshake is cut off, and takes no place.
func TestUnfinishedHandshake(t *testing.T) {
	t.Parallel()
	r := serve(t, nil)
	for _, said := range []string{"", "GET / HTTP/1.1\r\nHost: x\r\n"} {
		socket, err := net.Dial("tcp", strings.TrimPrefix(r.url, "ws://"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = socket.Close() }()
		if _, err := socket.Write([]byte(said)); err != nil {
			t.Fatal(err)
		}
		_ = socket.SetReadDeadline(time.Now().Add(handshakeTimeout + patience))
		if _, err := io.ReadAll(socket); err != nil {
			t.Errorf("after %q: got %v, want the end of the socket", said, err)
		}
	}
	if got := r.Stats(); got.Sessions != 0 || got.Accepted != 0 {
		t.Errorf("sessions: got %+v, want none", got)
	}
}

// What a browser says of where a page is from decides, in every spelling; a page of this very address may come in.
func TestOrigins(t *testing.T) {
	t.Parallel()
	r := serve(t, nil)
	own := strings.Replace(r.url, "ws://", "http://", 1)
	for origin, welcome := range map[string]bool{
		"https://elsewhere.test": false, "null": false, "http://127.0.0.1": false, "file://": false, "http://[::1": false,
		own + ".elsewhere.test": false, own: true,
	} {
		ws, answer, err := websocket.Dial(t.Context(), r.url, &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {origin}}})
		if err == nil {
			_ = ws.CloseNow()
		}
		if (err == nil) != welcome || (!welcome && (answer == nil || answer.StatusCode != http.StatusForbidden)) {
			t.Errorf("a page of %s: got %v, want it welcome %v, or status 403", origin, err, welcome)
		}
	}
}

// Hundreds of clients that misbehave leave nothing behind.
func TestMisuseLeavesNothing(t *testing.T) {
	r := serve(t, func(c *Config) { c.IdentifyLimit, c.ResumeWindow = 1_000_000, time.Millisecond })
	misbehave := func(n int) {
		for i := range n {
			c := r.raw(t)
			c.write(maskedIdentify(fmt.Sprint("t", i)))
			c.write(rawFrame(frameFinal|frameText, 8, `{"op":99`))
			_ = c.socket.Close()
		}
		r.eventually(t, "all are gone", func(s Stats) bool { return s.Sessions == 0 && s.Parked == 0 })
	}
	misbehave(100)
	before := inUse()
	misbehave(500)
	if grown := inUse() - before; grown > 1<<20 {
		t.Errorf("memory: got %d bytes more after 500 clients, want next to none", grown)
	}
}
