package etcdv2

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	client "go.etcd.io/etcd/client/v2"

	"github.com/firebreak-go/firebreak/registry"
)

// What can go wrong with one request, before it is told as one line.
var (
	errRedirected = errors.New("answered with a redirect, which is not followed: is this etcd?")
	errNoAnswer   = errors.New("no answer in time")
)

// serverError is a 5xx answer. The client would keep its status and drop its text.
type serverError struct {
	status string
	body   []byte
}

func (e *serverError) Error() string { return fmt.Sprintf("answered %s %q", e.status, excerpt(e.body)) }

// member is one endpoint with a client that knows no other.
type member struct {
	url    url.URL
	client client.Client
}

// prepared is a request that is laid out already, as the client's Do wants it.
type prepared struct{ request *http.Request }

func (p prepared) HTTPRequest(url.URL) *http.Request { return p.request }

// ask sends one request to one member and reads its answer. An error of type
// client.Error is etcd's own no; any other one moves the next call to the next
// member, save a watch's silence: see doubt. op and name are for the error text.
func (r *Registry) ask(ctx context.Context, op, name string, q request) (answer, error) {
	limit := r.timeout
	if q.wait {
		limit = r.wait
	}
	turn := r.asked.Load()
	m := &r.members[turn%uint64(len(r.members))]
	var heard atomic.Bool
	began := time.Now()
	bounded, cancel := context.WithTimeout(context.WithValue(ctx, heardKey{}, &heard), limit)
	defer cancel()
	a, err := m.exchange(bounded, q)
	if err == nil {
		return a, nil
	}
	var refused client.Error
	switch {
	case errors.As(err, &refused):
		return a, &callError{op: op, name: name, endpoint: m.url.String(), cause: sentinel(refused)}
	case ctx.Err() != nil:
		if q.wait && errors.Is(ctx.Err(), context.DeadlineExceeded) && time.Since(began) >= r.timeout {
			r.doubt(turn, heard.Load())
		}
		return a, &callError{op: op, name: name, endpoint: m.url.String(), cause: ctx.Err()}
	case bounded.Err() != nil:
		err = fmt.Errorf("%w (%v)", errNoAnswer, limit)
	}
	if q.wait && errors.Is(err, errNoAnswer) {
		r.doubt(turn, heard.Load())
	} else {
		r.leave(turn)
	}
	return a, &callError{op: op, name: name, endpoint: m.url.String(), cause: err}
}

// leave moves the next call to the next member, unless another call has done so.
func (r *Registry) leave(turn uint64) { r.asked.CompareAndSwap(turn, turn+1) }

// doubt follows a watch that brought nothing in its time. That is ordinary where
// nobody writes, and all that is seen of a peer that vanished without a word. So the
// next call trusts no connection that is there, and a member that has not even begun
// to answer is left: etcd sends the head of a watch's answer at once.
func (r *Registry) doubt(turn uint64, heard bool) {
	r.close()
	if !heard {
		r.leave(turn)
	}
}

// heardKey is where a request's context holds the flag that etcd has begun to answer.
type heardKey struct{}

func (m *member) exchange(ctx context.Context, q request) (answer, error) {
	req, err := q.build(ctx, m.url)
	if err != nil {
		return answer{}, err
	}
	resp, body, err := m.do(ctx, req)
	if err != nil {
		return answer{}, firstOf(err)
	}
	return parseAnswer(resp, body)
}

// do turns a panic of the client into an error: the call of one key must not cost
// the process.
func (m *member) do(ctx context.Context, req *http.Request) (resp *http.Response, body []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			resp, body, err = nil, nil, fmt.Errorf("the etcd client panicked: %q", excerpt(fmt.Append(nil, p)))
		}
	}()
	return m.client.Do(ctx, prepared{request: req})
}

// firstOf takes the one error out of the client's list of one.
func firstOf(err error) error {
	var all *client.ClusterError
	if errors.As(err, &all) && len(all.Errors) > 0 {
		return all.Errors[0]
	}
	return err
}

// sentinel maps etcd's error codes to what registry's callers branch on.
func sentinel(refused client.Error) error {
	switch refused.Code {
	case client.ErrorCodeKeyNotFound:
		return registry.ErrNotFound
	case client.ErrorCodeTestFailed:
		return registry.ErrConflict
	case client.ErrorCodeNodeExist:
		return registry.ErrExists
	case client.ErrorCodeEventIndexCleared:
		return registry.ErrHistoryLost
	}
	return fmt.Errorf("etcd refused with code %d: %q %q", refused.Code, excerpt([]byte(refused.Message)), excerpt([]byte(refused.Cause)))
}

// transport bounds what an answer may weigh and keeps the text of a 5xx.
type transport struct {
	next  http.RoundTripper
	limit int64
}

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	switch {
	case err != nil:
		return nil, err
	case resp == nil || resp.Body == nil:
		// The client would read through a nil pointer, in a goroutine of its own.
		return nil, errors.New("the transport returned neither an answer nor an error")
	}
	if heard, ok := req.Context().Value(heardKey{}).(*atomic.Bool); ok && resp.Header.Get("X-Etcd-Index") != "" {
		heard.Store(true)
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, t.limit)
	if resp.StatusCode < http.StatusInternalServerError {
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4*maxExcerpt))
	if err != nil {
		return nil, err
	}
	return nil, &serverError{status: resp.Status, body: body}
}

// CancelRequest is part of what the client asks of a transport; requests end by
// their context.
func (transport) CancelRequest(*http.Request) {}
