package supervision_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/supervision"
	"github.com/firebreak-go/firebreak/supervision/backoff"
)

// pick finds the Ref that "id" or "id@n" means.
func pick(refs map[string][]supervision.Ref, name string) (supervision.Ref, error) {
	id, nth, _ := strings.Cut(name, "@")
	all := refs[id]
	n := len(all)
	if nth != "" {
		var err error
		if n, err = strconv.Atoi(nth); err != nil {
			return supervision.Ref{}, err
		}
	}
	if n < 1 || n > len(all) {
		return supervision.Ref{}, fmt.Errorf("%q: there are %d", name, len(all))
	}
	return all[n-1], nil
}

func parseExit(words []string) supervision.Exit {
	exit := supervision.Exit{}
	if len(words) == 0 {
		return exit
	}
	kind, class, _ := strings.Cut(words[0], "/")
	for k := supervision.ExitNormal; k <= supervision.ExitKilled; k++ {
		if k.String() == kind {
			exit.Kind = k
		}
	}
	for c := supervision.ClassBug; c <= supervision.ClassTimeout; c++ {
		if c.String() == class {
			exit.Class = c
		}
	}
	exit.Reason = strings.Join(words[1:], " ")
	return exit
}

func parseSpec(s *supervision.Spec, words []string) error {
	for v := supervision.OneForOne; v <= supervision.Dynamic; v++ {
		if v.String() == words[0] {
			s.Strategy = v
		}
	}
	if s.Strategy.String() != words[0] {
		return fmt.Errorf("no strategy %q", words[0])
	}
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		var err error
		switch key {
		case "intensity":
			restarts, period, _ := strings.Cut(value, "/")
			if s.Intensity.Restarts, err = strconv.Atoi(restarts); err == nil {
				s.Intensity.Period, err = time.ParseDuration(period)
			}
		case "grain":
			s.Grain, err = time.ParseDuration(value)
		case "costs":
			s.Costs = supervision.CostsByClass()
		case "exhaustion":
			for e := supervision.Escalate; e <= supervision.StopChild; e++ {
				if e.String() == value {
					s.Exhaustion = e
				}
			}
		case "auto":
			s.AutoShutdown = map[string]supervision.AutoShutdown{
				"any": supervision.AutoShutdownAny, "all": supervision.AutoShutdownAll,
			}[value]
		case "max":
			s.MaxChildren, err = strconv.Atoi(value)
		case "probe":
			err = parseDelays(&s.Probe, value)
		case "healthy":
			s.Probe.Healthy, err = time.ParseDuration(value)
		default:
			err = fmt.Errorf("unknown option %q", word)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func parseChild(words []string) (supervision.ChildSpec, error) {
	c := supervision.ChildSpec{ID: words[0]}
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		var err error
		switch key {
		case "permanent":
		case "transient":
			c.Restart = supervision.Transient
		case "temporary":
			c.Restart = supervision.Temporary
		case "significant":
			c.Significant = true
		case "supervisor":
			c.Supervisor = true
		case "backoff":
			err = parseDelays(&c.Backoff, value)
		case "healthy":
			c.Backoff.Healthy, err = time.ParseDuration(value)
		case "shutdown":
			c.Shutdown, err = parseShutdown(value)
		default:
			err = fmt.Errorf("unknown option %q", word)
		}
		if err != nil {
			return c, err
		}
	}
	return c, nil
}

func parseShutdown(value string) (supervision.Shutdown, error) {
	switch value {
	case "infinite":
		return supervision.ShutdownInfinite(), nil
	case "abandon":
		return supervision.ShutdownAbandon(), nil
	}
	d, err := time.ParseDuration(value)
	return supervision.ShutdownWithin(d), err
}

// parseDelays reads "1s..8s". Jitter is off, so that a file shows the delays as they grow.
func parseDelays(p *backoff.Policy, value string) error {
	base, limit, _ := strings.Cut(value, "..")
	var err error
	if p.Base, err = time.ParseDuration(base); err == nil {
		p.Cap, err = time.ParseDuration(limit)
	}
	p.Jitter = backoff.None
	return err
}
