package etcdv2

import (
	"net"
	"net/http"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// shortWrite holds a request without a body: its line and 4 KiB of header lines.
const shortWrite = MaxRequestLine + 4<<10

// wholeWrite holds the longest request that there is: a form of the longest value,
// each byte of which takes three, and before it the request line and the header
// lines. It fits one buffer, so that it is one write to the connection: a process
// that ends, or sleeps, does so before all of it or after.
const wholeWrite = 3*registry.MaxValueBytes + 16<<10

// ownTransport carries the requests of a registry that was given no transport. What
// has a body is the rare long write; it has connections of its own, because only
// those need the large buffer, and a watch holds a connection for ever.
type ownTransport struct{ short, long *http.Transport }

func newOwnTransport(c Config) ownTransport {
	return ownTransport{short: carrier(c, shortWrite), long: carrier(c, wholeWrite)}
}

// carrier gives up on an address that does not answer.
func carrier(c Config, writeBuffer int) *http.Transport {
	dialer := &net.Dialer{Timeout: c.Timeout, KeepAlive: 15 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        c.TLS.Clone(),
		TLSHandshakeTimeout:    c.Timeout,
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		WriteBufferSize:        writeBuffer,
	}
}

// RoundTrip implements [http.RoundTripper].
func (o ownTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.ContentLength != 0 {
		return o.long.RoundTrip(req)
	}
	return o.short.RoundTrip(req)
}

func (o ownTransport) closeIdle() {
	o.short.CloseIdleConnections()
	o.long.CloseIdleConnections()
}
