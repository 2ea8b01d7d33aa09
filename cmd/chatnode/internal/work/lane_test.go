package work_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work/desk"
)

const service = 10 * time.Millisecond

func newLane(t *testing.T, cfg desk.Config) *work.Lane {
	t.Helper()
	l, err := work.New("users", cfg, 1)
	if err != nil {
		t.Fatalf("New: got %v, want a lane", err)
	}
	return l
}

func nothing(context.Context) error { return nil }

// TestServiceTimesAreHeldByTheClock: ten calls of 10 ms on two workers take 50 ms,
// whatever the machine is.
func TestServiceTimesAreHeldByTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLane(t, desk.Config{Workers: 2, Queue: 8, Service: service})
		began := time.Now()
		var calls sync.WaitGroup
		for range 10 {
			calls.Go(func() {
				if err := l.Do(t.Context(), nothing); err != nil {
					t.Errorf("Do: got %v, want nil", err)
				}
			})
		}
		calls.Wait()
		if took := time.Since(began); took != 5*service {
			t.Errorf("ten calls on two workers: took %v, want %v", took, 5*service)
		}
		if r := l.Report(); r.Served != 10 || r.Busy != 0 || r.Limit != 2 || r.BusySeconds < 0.0999 || r.BusySeconds > 0.1001 {
			t.Errorf("report: got %+v, want 10 served in a tenth of a worker-second", r)
		}
	})
}

func TestWorkThatTakesLongerHoldsLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLane(t, desk.Config{Workers: 1, Service: service})
		began := time.Now()
		failure := errors.New("as told")
		err := l.Do(t.Context(), func(context.Context) error { time.Sleep(3 * service); return failure })
		if took := time.Since(began); !errors.Is(err, failure) || took != 3*service {
			t.Errorf("Do: got %v after %v, want its own error after %v", err, took, 3*service)
		}
	})
}

func TestRefusalsSayWhenToComeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLane(t, desk.Config{Workers: 1, Service: service})
		var calls sync.WaitGroup
		calls.Go(func() { _ = l.Do(t.Context(), nothing) })
		synctest.Wait()
		err := l.Do(t.Context(), nothing)
		var refused *work.Refused
		if !errors.As(err, &refused) || refused.Reason != desk.Full {
			t.Fatalf("one too many: got %v, want a refusal", err)
		}
		sent := status.Convert(err).Err() // what a client gets
		after, ok := work.RetryAfter(sent)
		if status.Code(sent) != codes.ResourceExhausted || !ok || after != refused.RetryAfter || after < 100*time.Millisecond {
			t.Errorf("over gRPC: got %v, %v after %v, want RESOURCE_EXHAUSTED with the time", sent, ok, after)
		}
		if _, ok := work.RetryAfter(errors.New("else")); ok {
			t.Error("another error: got a time to come again, want none")
		}
		calls.Wait()
	})
}

// TestCallersThatGiveUp: a worker that refuses late calls stops with its caller, one
// that serves them is held to the end.
func TestCallersThatGiveUp(t *testing.T) {
	for late, held := range map[desk.Late]time.Duration{desk.Refuse: service, desk.Serve: 20 * service} {
		synctest.Test(t, func(t *testing.T) {
			l := newLane(t, desk.Config{Workers: 1, Queue: 10, Service: 10 * service, Late: late})
			began := time.Now()
			var calls sync.WaitGroup
			for range 2 { // one is worked on, the other waits
				calls.Go(func() {
					ctx, cancel := context.WithCancel(t.Context())
					time.AfterFunc(service, cancel)
					if err := l.Do(ctx, nothing); !errors.Is(err, context.Canceled) {
						t.Errorf("%v: got %v, want the context's error", late, err)
					}
				})
			}
			calls.Wait()
			if took := time.Since(began); took != service {
				t.Errorf("%v: callers were held for %v, want %v", late, took, service)
			}
			for l.Report().InFlight > 0 {
				time.Sleep(time.Millisecond)
			}
			if took := time.Since(began); took < held || took > held+time.Millisecond {
				t.Errorf("%v: the worker was held for %v, want %v", late, took, held)
			}
			if r := l.Report(); r.Gone != 2 || r.Served != 0 {
				t.Errorf("%v: report: got %+v, want two gone", late, r)
			}
		})
	}
}

func TestDeadlinesAreKnownBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLane(t, desk.Config{Workers: 1, Queue: 10, Service: 10 * service})
		var calls sync.WaitGroup
		calls.Go(func() { _ = l.Do(t.Context(), nothing) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), service)
		defer cancel()
		began := time.Now()
		var refused *work.Refused
		if err := l.Do(ctx, nothing); !errors.As(err, &refused) || refused.Reason != desk.TooLate || time.Since(began) != 0 {
			t.Errorf("a deadline that cannot be met: got %v after %v, want it refused at once", err, time.Since(began))
		}
		calls.Wait()
	})
}

func TestAPanicFreesTheWorker(t *testing.T) {
	l := newLane(t, desk.Config{Workers: 1})
	func() {
		defer func() { _ = recover() }()
		_ = l.Do(t.Context(), func(context.Context) error { panic("as told") })
	}()
	if err := l.Do(t.Context(), nothing); err != nil {
		t.Errorf("after a panic: got %v, want a worker", err)
	}
}

func TestSetAsideGivesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLane(t, desk.Config{Workers: 4, Queue: 8, Service: service})
		l.SetAside(3)
		began := time.Now()
		var calls sync.WaitGroup
		for range 4 {
			calls.Go(func() { _ = l.Do(t.Context(), nothing) })
		}
		time.Sleep(service + service/2) // the second is half done
		l.SetAside(0)
		calls.Wait()
		if took := time.Since(began); took != 2*service+service/2 {
			t.Errorf("four calls: took %v, want one, then one, then the rest at once", took)
		}
	})
}
