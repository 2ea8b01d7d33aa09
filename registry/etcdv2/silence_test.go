package etcdv2

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// Silence ends every call at its own limit, and only Next's is an answer. An answer
// that begins and does not end is silence too: etcd sends the header of a watch at
// once.
func TestSilence(t *testing.T) {
	for _, row := range []struct {
		name    string
		carrier roundTrip
		moved   uint64 // by a watch
	}{
		{"no answer", silent, 1},
		{"a header", func(*http.Request) (*http.Response, error) { return endless(0), nil }, 0},
		{"a byte a second", func(*http.Request) (*http.Response, error) { return endless(time.Second), nil }, 0},
		{"a header that is not etcd's", func(*http.Request) (*http.Response, error) {
			resp := endless(0)
			resp.Header = http.Header{"Server": {"a proxy"}}
			return resp, nil
		}, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { checkSilence(t, row.carrier, row.moved) })
		})
	}
}

// silent never answers.
func silent(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// A caller has a limit of its own for a watch, until its next listing. Where the
// member had time to begin its answer and did not, that listing asks another one.
func TestCallersLimitOfASilentWatch(t *testing.T) {
	for _, row := range []struct {
		name    string
		carrier roundTrip
		after   time.Duration
		cancel  bool
		moved   uint64
	}{
		{"no answer in the time of a call", silent, DefaultTimeout, false, 1},
		{"no answer in less than that", silent, DefaultTimeout - 1, false, 0},
		{"no answer, and the caller has changed its mind", silent, DefaultTimeout, true, 0},
		{"a header", func(*http.Request) (*http.Response, error) { return endless(0), nil }, DefaultTimeout, false, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRegistry(t, Config{Endpoints: []string{"http://a", "http://b"}, Transport: row.carrier})
				first := r.asked.Load()
				ctx, cancel := context.WithTimeout(t.Context(), row.after)
				defer cancel()
				if row.cancel {
					ctx, cancel = context.WithCancel(t.Context())
					time.AfterFunc(row.after, cancel)
				}
				if _, err := r.Next(ctx, testDirectory, 7); !errors.Is(err, ctx.Err()) {
					t.Errorf("next: got error %v, want %v", err, ctx.Err())
				}
				if got := r.asked.Load() - first; got != row.moved {
					t.Errorf("members further: got %d, want %d", got, row.moved)
				}
			})
		})
	}
}

func checkSilence(t *testing.T, carrier http.RoundTripper, movedByWatch uint64) {
	t.Helper()
	r := newRegistry(t, Config{Endpoints: []string{"http://etcd:2379"}, Transport: carrier})
	for name, call := range calls(r) {
		began, turn := time.Now(), r.asked.Load()
		err := call(t.Context())
		took, limit, moved := time.Since(began), DefaultTimeout, uint64(1)
		if name == "next" {
			limit, moved = DefaultWait, movedByWatch
		}
		if got := r.asked.Load() - turn; got != moved {
			t.Errorf("%s: got %d members further, want %d", name, got, moved)
		}
		if took != limit {
			t.Errorf("%s: got an end after %v, want %v", name, took, limit)
		}
		if quiet := errors.Is(err, registry.ErrQuiet); err == nil || quiet != (name == "next") {
			t.Errorf("%s: got error %v, want ErrQuiet for next and another one for the rest", name, err)
		}
		if errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %v, want it not to look like the caller's own deadline", name, err)
		}
	}
}

// endless is an answer whose body brings a space now and then, or nothing at all,
// until it is closed.
func endless(every time.Duration) *http.Response {
	body := &drip{closed: make(chan struct{})}
	if every > 0 {
		body.next = func() <-chan time.Time { return time.After(every) }
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Body: body, ContentLength: -1,
		Header: http.Header{"X-Etcd-Index": {"41"}},
	}
}

type drip struct {
	next   func() <-chan time.Time // nil: never
	closed chan struct{}
	once   sync.Once
}

func (d *drip) Read(p []byte) (int, error) {
	var next <-chan time.Time
	if d.next != nil {
		next = d.next()
	}
	select {
	case <-next:
		return copy(p, " "), nil
	case <-d.closed:
		return 0, io.ErrClosedPipe
	}
}

func (d *drip) Close() error {
	d.once.Do(func() { close(d.closed) })
	return nil
}

func TestCallersContextEndsACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t, Config{Endpoints: []string{"http://a", "http://b"}, Transport: roundTrip(silent)})
		first := r.asked.Load()
		for name, call := range calls(r) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: got error %v, want the caller's deadline", name, err)
			}
			cancel()
			if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s with an ended context: got error %v, want the caller's deadline", name, err)
			}
		}
		if got := r.asked.Load(); got != first {
			t.Errorf("member after the caller gave up: got turn %d, want %d as before", got, first)
		}
	})
}
