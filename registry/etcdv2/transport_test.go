package etcdv2

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// meter counts what is written to the connections that it dials.
type meter struct{ connections, writes, bytes atomic.Int64 }

func (m *meter) reset() {
	m.connections.Store(0)
	m.writes.Store(0)
	m.bytes.Store(0)
}

func (m *meter) dial(ctx context.Context, network, address string) (net.Conn, error) {
	m.connections.Add(1)
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	return meteredConn{c, m}, err
}

type meteredConn struct {
	net.Conn

	meter *meter
}

func (c meteredConn) Write(p []byte) (int, error) {
	c.meter.writes.Add(1)
	c.meter.bytes.Add(int64(len(p)))
	return c.Conn.Write(p)
}

// A write is one write to the connection, whatever its size and whatever its bytes
// become in a form: what is handed over in one piece cannot be torn by the end of
// the process. The measured default of net/http is two from 4,000 bytes on, and one
// more for each 32 KiB.
func TestAWriteIsOneWrite(t *testing.T) {
	endpoint, wires := recordWrites(t, echoKey)
	carrier, m := newOwnTransport(Config{Timeout: 10 * time.Second}), &meter{}
	carrier.short.DialContext, carrier.long.DialContext = m.dial, m.dial
	t.Cleanup(carrier.closeIdle)
	r := newRegistry(t, Config{
		Endpoints: []string{endpoint}, Transport: carrier,
		Username: strings.Repeat("u", 200), Password: strings.Repeat("p", 200),
	})
	rows := []struct {
		name  string
		value string
	}{
		{"small", "v"},
		{"the longest request line", strings.Repeat("v", 3900)},
		{"the shortest form", strings.Repeat("v", 4000)},
		{"9 KiB", strings.Repeat("v", 9<<10)},
		{"40 KiB", strings.Repeat("v", 40<<10)},
		{"64 KiB", strings.Repeat("v", registry.MaxValueBytes)},
		{"64 KiB, each byte escaped", strings.Repeat("\"", registry.MaxValueBytes)},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			m.reset()
			if _, err := r.Create(t.Context(), testKey, row.value, time.Minute); err != nil {
				t.Fatalf("create: got error %v, want none", err)
			}
			w := <-wires
			if w.length > 0 && w.head.Get("Content-Type") != formType {
				t.Errorf("content type of a form: got %q, want %q", w.head.Get("Content-Type"), formType)
			}
			if got := m.writes.Load(); got != 1 || m.connections.Load() != 1 {
				t.Errorf("create with %d bytes on the wire: got %d writes on %d connections, want 1 on 1",
					m.bytes.Load(), got, m.connections.Load())
			}
		})
	}
}

// Only what has a body goes over the connections with the large buffer.
func TestOwnTransportSeparatesLongWrites(t *testing.T) {
	endpoint, wires := recordWrites(t, echoKey)
	carrier := newOwnTransport(Config{Timeout: 10 * time.Second})
	short, long := &meter{}, &meter{}
	carrier.short.DialContext, carrier.long.DialContext = short.dial, long.dial
	t.Cleanup(carrier.closeIdle)
	r := newRegistry(t, Config{Endpoints: []string{endpoint}, Transport: carrier})
	for name, call := range map[string]func() error{
		"refresh": func() error { _, err := r.Refresh(t.Context(), testKey, time.Minute); return err },
		"create":  func() error { _, err := r.Create(t.Context(), testKey, "v", time.Minute); return err },
		"delete":  func() error { return r.Delete(t.Context(), testKey, 7) },
	} {
		if err := call(); err != nil {
			t.Errorf("%s: got error %v, want none", name, err)
		}
		<-wires
	}
	if short.connections.Load() != 3 || long.connections.Load() != 0 {
		t.Errorf("connections of short requests: got %d and %d with the large buffer, want 3 and 0",
			short.connections.Load(), long.connections.Load())
	}
	if carrier.short.WriteBufferSize > 8<<10 {
		t.Errorf("buffer of a connection that a watch may hold: got %d bytes, want 8 KiB at most", carrier.short.WriteBufferSize)
	}
}
