package etcdtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
)

// RoundTrip implements [http.RoundTripper]: it answers a request in process,
// whatever its host, so that etcdv2.Config.Transport can be a Server. It starts
// a goroutine that ends with the answer, with the request's context, or when the
// answer's body is closed.
func (s *Server) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	arrived, err := arrive(req)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	in, out := io.Pipe()
	x := &exchange{header: make(http.Header), out: out, begun: make(chan struct{}), gone: make(chan bool, 1)}
	forget := context.AfterFunc(ctx, func() {
		_ = out.CloseWithError(ctx.Err())
		x.hangUp()
	})
	go func() {
		s.ServeHTTP(x, arrived)
		x.begin(http.StatusOK)
		_ = out.Close()
	}()
	select {
	case <-x.begun:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return &http.Response{
		Status:     fmt.Sprintf("%d %s", x.status, http.StatusText(x.status)),
		StatusCode: x.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: x.sent, ContentLength: -1, Request: req,
		Body: &body{PipeReader: in, close: func() { forget(); x.hangUp() }},
	}, nil
}

// arrive is the request as a server reads it.
func arrive(req *http.Request) (*http.Request, error) {
	var content []byte
	if req.Body != nil {
		var err error
		content, err = io.ReadAll(req.Body)
		_ = req.Body.Close()
		if err != nil {
			return nil, err
		}
	}
	target, err := url.ParseRequestURI(req.URL.RequestURI())
	if err != nil {
		return nil, err
	}
	arrived := req.Clone(req.Context())
	arrived.URL, arrived.RequestURI, arrived.Host = target, req.URL.RequestURI(), req.URL.Host
	arrived.Body, arrived.ContentLength = io.NopCloser(bytes.NewReader(content)), int64(len(content))
	return arrived, nil
}

// exchange is the server's side of one answer. The handler's goroutine owns all
// of it but gone; status and sent are read by others after begun is closed.
type exchange struct {
	header http.Header
	out    *io.PipeWriter
	once   sync.Once
	status int
	sent   http.Header
	begun  chan struct{}
	gone   chan bool
}

// Header implements [http.ResponseWriter].
func (x *exchange) Header() http.Header { return x.header }

// WriteHeader implements [http.ResponseWriter].
func (x *exchange) WriteHeader(status int) { x.begin(status) }

// Write implements [http.ResponseWriter]; it returns when the client has read.
func (x *exchange) Write(p []byte) (int, error) {
	x.begin(http.StatusOK)
	return x.out.Write(p)
}

// Flush implements [http.Flusher]: nothing is kept back but the header lines.
func (x *exchange) Flush() { x.begin(http.StatusOK) }

// CloseNotify is how etcd's handler learns that a watcher has left.
func (x *exchange) CloseNotify() <-chan bool { return x.gone }

func (x *exchange) begin(status int) {
	x.once.Do(func() {
		x.status, x.sent = status, x.header.Clone()
		close(x.begun)
	})
}

// hangUp may be called more than once, and from any goroutine.
func (x *exchange) hangUp() {
	select {
	case x.gone <- true:
	default:
	}
}

// body is the answer's body; closing it is the client's hanging up.
type body struct {
	*io.PipeReader

	close func()
}

// Close implements [io.Closer].
func (b *body) Close() error {
	b.close()
	return b.PipeReader.Close()
}
