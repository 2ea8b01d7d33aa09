package registrytest

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

const (
	// attempts is how often a decode may exceed its budget: a machine that is
	// busy with something else does not do so three times in a row.
	attempts = 3
	// hangsAfter is after how many budgets a decode is taken to hang.
	hangsAfter = 20
)

// outcome is what came of one decode.
type outcome[V any] struct {
	value V
	err   error
	died  string // how it ended instead of returning; empty: it returned
	hung  bool   // it did not end at all
	took  time.Duration
}

// decode runs a decode, again when it was slow, and returns the fastest.
func (c *certification[V]) decode(m damage) outcome[V] {
	best := c.decodeOnce(m)
	for i := 1; i < attempts && !best.hung && best.took > c.decoder.Budget; i++ {
		if o := c.decodeOnce(m); o.hung || o.took < best.took {
			best = o
		}
	}
	return best
}

// decodeOnce runs a decode in a goroutine of its own, which it waits for unless
// the decode hangs.
func (c *certification[V]) decodeOnce(m damage) outcome[V] {
	done := make(chan outcome[V], 1)
	go func() {
		var o outcome[V]
		returned := false
		start := time.Now()
		defer func() {
			if !returned {
				o = outcome[V]{died: deathText(recover())}
			}
			o.took = time.Since(start)
			done <- o
		}()
		o.value, o.err = c.decoder.Decode(m.service, m.id, m.value)
		returned = true
	}()
	limit := time.NewTimer(hangsAfter * c.decoder.Budget)
	defer limit.Stop()
	select {
	case o := <-done:
		return o
	case <-limit.C:
		return outcome[V]{hung: true}
	}
}

// deathText says how a decode ended that did not return. Without a panic its
// goroutine was ended, as by the FailNow of a test.
func deathText(panicked any) string {
	if panicked == nil {
		return "the end of its goroutine"
	}
	return "a panic: " + excerpt(fmt.Sprint(panicked), 0)
}

// complaint says what is wrong with an outcome, or nothing.
func (c *certification[V]) complaint(s subject, m damage, o outcome[V], good V) string {
	switch {
	case o.hung:
		return fmt.Sprintf("got no answer in %v, want one in %v", hangsAfter*c.decoder.Budget, c.decoder.Budget)
	case o.died != "":
		return "got " + o.died + ", want a value or a fault"
	case o.took > c.decoder.Budget:
		return fmt.Sprintf("got an answer in %v at best, want one in %v", o.took, c.decoder.Budget)
	case o.err != nil:
		return faultComplaint(o)
	}
	return c.valueComplaint(s, m, o.value, good)
}

// valueComplaint judges an accepted value. It may be one, such as a nil pointer,
// that the functions which look into it are not made for.
func (c *certification[V]) valueComplaint(s subject, m damage, value, good V) (complaint string) {
	defer func() {
		if panicked := recover(); panicked != nil {
			complaint = "got " + shown(value) + ", which cannot be looked into (" +
				excerpt(fmt.Sprint(panicked), 0) + "), want a fault or a valid value"
		}
	}()
	if c.decoder.Identity != nil {
		if service, id := c.decoder.Identity(value); service != m.service || id != m.id {
			return fmt.Sprintf("got a value of %s %s, want a fault or one of %s %s",
				excerpt(service, 0), excerpt(id, 0), excerpt(m.service, 0), excerpt(m.id, 0))
		}
	}
	if c.decoder.Validate != nil {
		if err := c.decoder.Validate(value); err != nil {
			return "got an invalid value (" + excerpt(err.Error(), 0) + "), want a fault or a valid one"
		}
	}
	if s.mustEqual(m) && !c.decoder.Equal(value, good) {
		return "got " + shown(value) + " for good, want a fault or the sample's value"
	}
	return ""
}

// faultComplaint judges an error and the value beside it.
func faultComplaint[V any](o outcome[V]) string {
	fault, ok := errors.AsType[*registry.Fault](o.err)
	switch {
	case !ok:
		return "got " + describe(o.err) + ", want a *registry.Fault"
	case fault == nil:
		return "got an error that holds a nil *registry.Fault, want one with a class"
	case fault.Class.String() == registry.Class(0).String():
		return "got a fault of the unknown class " + strconv.Itoa(int(fault.Class)) + ", want one of registry's"
	case !reflect.ValueOf(&o.value).Elem().IsZero():
		return "got " + shown(o.value) + " beside a fault, want the zero value"
	}
	return ""
}

// shown is the beginning of a decoded value.
func shown(value any) string { return excerpt(fmt.Sprintf("%+v", value), 0) }

// describe names a foreign error by type and text.
func describe(err error) string { return fmt.Sprintf("%T ", err) + excerpt(fmt.Sprint(err), 0) }
