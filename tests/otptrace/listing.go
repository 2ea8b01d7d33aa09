package main

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/firebreak-go/firebreak/supervision"
)

// noSupervisor is the answer of a supervisor that is not there, or not any more.
const noSupervisor = "nosup"

// listed writes children down: those of a dynamic supervisor, whose order is undefined, as sorted text. The number is that
// of a child's incarnation; without one, processes are not named.
func listed(children iter.Seq[supervision.ChildInfo], dynamic bool, number func(id string) int) string {
	var list []string
	for c := range children {
		name, standing := c.ID, "undefined"
		if number == nil && dynamic {
			name = "-"
		}
		switch c.State {
		case supervision.StateRunning, supervision.StateProbation:
			standing = "up"
			if number != nil {
				standing = fmt.Sprintf("up#%d", number(c.ID))
			}
		case supervision.StateBackingOff, supervision.StateParked:
			standing = "restarting"
		case supervision.StateDown, supervision.StateStarting, supervision.StateStopping:
		}
		list = append(list, name+"="+standing)
	}
	if dynamic {
		slices.Sort(list)
	}
	return "[" + strings.Join(list, " ") + "]"
}

func counted(n supervision.Counts) string {
	return fmt.Sprintf("specs=%d active=%d supervisors=%d workers=%d", n.Specs, n.Active, n.Supervisors, n.Workers)
}

// refusal is OTP's word for an error; failure is how the start went, where that is what was wrong.
func refusal(err error, failure string) string {
	for _, known := range []struct {
		err  error
		word string
	}{
		{supervision.ErrAlreadyStarted, "already_started"},
		{supervision.ErrAlreadyPresent, "already_present"},
		{supervision.ErrNotFound, "not_found"},
		{supervision.ErrRunning, "running"},
		{supervision.ErrRestarting, "restarting"},
		{supervision.ErrDynamic, "simple_one_for_one"},
		{supervision.ErrBadCombination, "bad_combination"},
		{supervision.ErrStartFailed, failure},
	} {
		if errors.Is(err, known.err) {
			return "error:" + known.word
		}
	}
	return "error:" + err.Error()
}
