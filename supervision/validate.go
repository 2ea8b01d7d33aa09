package supervision

import (
	"errors"
	"fmt"
	"time"

	"github.com/firebreak-go/firebreak/supervision/backoff"
)

// Validate says what is wrong with the spec and how to mend it; nil when nothing is.
func (s Spec) Validate() error {
	if err := s.validateSupervisor(); err != nil {
		return fmt.Errorf("supervision: %w", err)
	}
	seen := make(map[string]bool, len(s.Children))
	for i := range s.Children {
		c := &s.Children[i]
		if seen[c.ID] {
			return fmt.Errorf("supervision: child %q appears twice: give every child an ID of its own", c.ID)
		}
		seen[c.ID] = true
		if err := s.validateChild(c); err != nil {
			return fmt.Errorf("supervision: %w", err)
		}
	}
	return nil
}

func (s Spec) validateSupervisor() error {
	switch {
	case !s.Strategy.known():
		return fmt.Errorf("%v is unknown: use OneForOne, OneForAll, RestForOne or Dynamic", s.Strategy)
	case !s.Exhaustion.known():
		return fmt.Errorf("%v is unknown: use Escalate, Park or StopChild", s.Exhaustion)
	case s.Exhaustion != Park && s.Probe != backoff.Policy{}:
		return fmt.Errorf("probe is set but exhaustion is %v: set Exhaustion to Park, or leave Probe empty", s.Exhaustion)
	case s.MaxChildren < 0:
		return fmt.Errorf("max children %d is negative: use 0 for no bound", s.MaxChildren)
	case s.MaxChildren > 0 && len(s.Children) > s.MaxChildren:
		return fmt.Errorf("%d children are more than max children %d: raise the bound", len(s.Children), s.MaxChildren)
	case !s.AutoShutdown.known():
		return fmt.Errorf("%v is unknown: use AutoShutdownNever, AutoShutdownAny or AutoShutdownAll", s.AutoShutdown)
	}
	if err := s.validateCeiling(); err != nil {
		return err
	}
	if err := s.Intensity.validate(); err != nil {
		return err
	}
	if err := s.Costs.validate(); err != nil {
		return err
	}
	if err := s.Probe.Validate(); err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	return s.validateGrain()
}

// validateCeiling refuses what would let a child end a supervisor that is to be a ceiling.
func (s Spec) validateCeiling() error {
	switch {
	case !s.Ceiling:
		return nil
	case s.AutoShutdown != AutoShutdownNever:
		return fmt.Errorf("a ceiling with auto-shutdown on %v would end with its children: set AutoShutdownNever", s.AutoShutdown)
	case s.Exhaustion == Escalate && s.Intensity.Restarts != Unlimited && s.Costs.highest() > 0:
		return errors.New("a ceiling with exhaustion escalate would give up: set Exhaustion to Park or StopChild, or " +
			"Intensity.Restarts to Unlimited")
	}
	return nil
}

// validateGrain refuses a period between two steps of the clock, whose edge would depend on the phase.
func (s Spec) validateGrain() error {
	period := s.Intensity.withDefaults().Period
	switch {
	case s.Grain < 0:
		return fmt.Errorf("grain %v is negative: use 0 for exact time", s.Grain)
	case s.Grain > 0 && period%s.Grain != 0:
		return fmt.Errorf("period %v is not a multiple of grain %v: change one of them", period, s.Grain)
	}
	return nil
}

func (s Spec) validateChild(c *ChildSpec) error {
	switch {
	case c == nil:
		return errors.New("no child spec given")
	case c.ID == "":
		return errors.New("a child has no ID: give it one")
	case !c.Restart.known():
		return fmt.Errorf("child %q: %v is unknown: use Permanent, Transient or Temporary", c.ID, c.Restart)
	case c.Shutdown.Wait() < 0:
		return fmt.Errorf("child %q: shutdown %v is negative: use ShutdownAbandon to wait for nothing", c.ID, c.Shutdown)
	}
	if err := s.validateSignificance(c); err != nil {
		return err
	}
	if err := c.Backoff.Validate(); err != nil {
		return fmt.Errorf("child %q: %w", c.ID, err)
	}
	return s.validateReach(c)
}

// validateSignificance refuses a significant child whose end never comes, or never matters.
func (s Spec) validateSignificance(c *ChildSpec) error {
	switch {
	case c.Significant && s.AutoShutdown == AutoShutdownNever:
		return fmt.Errorf("child %q: %w: it is significant, but auto-shutdown is never: set Spec.AutoShutdown, or make it "+
			"not significant", c.ID, ErrBadCombination)
	case c.Significant && c.Restart == Permanent:
		return fmt.Errorf("child %q: %w: it is significant, but permanent children never end for good: make it Transient or "+
			"Temporary, or not significant", c.ID, ErrBadCombination)
	}
	return nil
}

// validateReach refuses a backoff that keeps the failures of a child so far apart that they never fill the window: the
// supervisor would restart for ever while its spec promises to give up.
func (s Spec) validateReach(c *ChildSpec) error {
	in, price := s.Intensity.withDefaults(), s.Costs.highest()
	if s.Exhaustion != Escalate || in.Restarts == Unlimited || price == 0 || c.Restart == Temporary || !c.Backoff.Enabled() {
		return nil
	}
	waits := in.Restarts * quartersPerRestart / price
	if total := totalDelay(c.Backoff, waits, in.Period); total >= in.Period {
		return fmt.Errorf("child %q: with its backoff, restart %d comes %v or more after the first exit, so that intensity %v is "+
			"never exceeded: lengthen the period, shorten the backoff, or set Intensity.Restarts to Unlimited", c.ID, waits, total, in)
	}
	return nil
}

// totalDelay sums delays without jitter, whose luck a promise cannot rest on, and stops at enough.
func totalDelay(p backoff.Policy, attempts int, enough time.Duration) time.Duration {
	p.Jitter = backoff.None
	total := time.Duration(0)
	for attempt := 1; attempt <= attempts; attempt++ {
		delay := p.Delay(attempt, 0)
		if delay >= enough-total {
			return enough
		}
		total += delay
	}
	return total
}
