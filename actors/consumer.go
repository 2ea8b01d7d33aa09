package actors

import (
	"context"
	"fmt"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// Consumer handles the values of one directory: flags, routes, whatever an
// embedder keeps in a registry.
//
// The values of one key come in order, one at a time; those that were
// superseded while another was handled are left out. Different keys come at the
// same time, see [Directory.Concurrency]. A value may come again, also after it
// was taken: after a failure, or after a restart of the watcher.
//
// An error or a panic is the key's alone. The consumer is asked again, with
// backoff; after [Directory.Attempts] times the key is in quarantine, as
// [registry.ClassRefused], and the consumer is asked again whenever the key is
// read again, at most every minute. An error that is a *[registry.Fault] says
// that the value itself is bad: it puts the key into quarantine at once, and is
// not asked about again until the key is written. Meanwhile the consumer keeps
// what it took last; with [Directory.FailClosed] it is told that the key is gone.
type Consumer interface {
	// Consume takes one value, or returns why it does not. The context ends with
	// the runtime, or when the time of [Directory.Budget] is over; a consumer that
	// does not return then is left behind.
	Consume(ctx context.Context, v Value) error
}

// ConsumerFunc is a function that is a [Consumer].
type ConsumerFunc func(ctx context.Context, v Value) error

// Consume implements [Consumer].
func (f ConsumerFunc) Consume(ctx context.Context, v Value) error { return f(ctx, v) }

// Value is one value of one key.
type Value struct {
	// Service is the directory's name, ID the key's last name, Key the whole.
	Service, ID, Key string
	// Gone says that the key is not served any more: it was removed, and no guard
	// doubts that, or it is in quarantine and the directory fails closed. It comes
	// once for every key that was ever handed over, and until it has been taken.
	Gone bool
	// Data is the value as it was read, never empty, at most
	// [registry.MaxValueBytes], and hostile; empty when the key is gone.
	Data string
	// Index is where in the history the value was written; 0 when it is gone.
	Index registry.Index
}

// Directory says what is followed, and what its values are for.
type Directory struct {
	// Service is the name of the directory under the runtime's prefix.
	Service string
	// Consumer handles the values. Nil means that they are instances of the
	// service, for [Runtime.Snapshot] and the pickers.
	Consumer Consumer
	// Decode reads the value of <service>/<id> where the values are instances in
	// a format of their own; nil means [registry.Decode]. It is called from any
	// goroutine; registrytest.Certify proves that it harms nobody. Of a directory
	// with a Consumer there is nothing to decode.
	Decode func(service, id, value string) (registry.Instance, error)
	// Shadow compares the directory of instances with what is used today; nil means
	// that nobody does.
	Shadow *Shadowing
	// View tunes what is believed of the directory; nil means [Config.View].
	View *registry.Config
	// FailClosed is for values where an old one is worse than none: a key in
	// quarantine serves nothing, and no guard holds what leaves.
	FailClosed bool
	// Attempts is how often a value is handed to the Consumer before its key is
	// in quarantine; 0 means 5.
	Attempts int
	// Budget is the time that one call of Consumer or Decode may take; 0 means
	// 10 s for a Consumer and 50 ms for Decode. What takes longer is left behind
	// and its key is in quarantine, as [registry.ClassSlow]. [registry.Decode]
	// itself is linear in a bounded value, and needs no clock.
	Budget time.Duration
	// Concurrency is for how many keys Consumer or Decode may be called at the
	// same time; 0 means 16.
	Concurrency int
}

// The defaults of [Directory].
const (
	defaultConsumeBudget = 10 * time.Second
	defaultDecodeBudget  = 50 * time.Millisecond
	defaultConcurrency   = 16
)

// Validate says what is wrong with the directory's settings.
func (d Directory) Validate() error {
	switch {
	case d.Consumer != nil && d.Decode != nil:
		return fmt.Errorf("actors: follow %s: Consumer and Decode exclude each other: a consumer decodes itself", d.Service)
	case d.Shadow != nil && (d.Consumer != nil || d.Shadow.Incumbent == nil || d.Shadow.Every < 0):
		return fmt.Errorf("actors: follow %s: Shadow needs an Incumbent, a pause that is not negative, and no Consumer", d.Service)
	case d.Attempts < 0 || d.Budget < 0 || d.Concurrency < 0:
		return fmt.Errorf("actors: follow %s: Attempts %d, Budget %v, Concurrency %d: use 0 for the default, and nothing negative",
			d.Service, d.Attempts, d.Budget, d.Concurrency)
	}
	return nil
}

func (d Directory) withDefaults() Directory {
	if d.Budget == 0 {
		d.Budget = defaultDecodeBudget
		if d.Consumer != nil {
			d.Budget = defaultConsumeBudget
		}
	}
	if d.Shadow != nil && d.Shadow.Every == 0 {
		own := *d.Shadow
		own.Every = defaultShadowEvery
		d.Shadow = &own
	}
	if d.Concurrency == 0 {
		d.Concurrency = defaultConcurrency
	}
	return d
}

// viewConfig is what the view of the directory goes by. What a consumer took is
// what is in service, so a view must not doubt it: that holds back what flaps.
func (d Directory) viewConfig(common registry.Config) registry.Config {
	cfg := common
	if d.View != nil {
		cfg = *d.View
	}
	cfg.FailClosed = cfg.FailClosed || d.FailClosed
	if d.Consumer != nil {
		cfg.KeepValues, cfg.FlapLimit = true, -1
	}
	if d.Attempts != 0 {
		cfg.Refusals = d.Attempts
	}
	return cfg
}
