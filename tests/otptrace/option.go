package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/supervision"
)

// otpGrain is the step in which OTP's supervisors read the clock.
const otpGrain = time.Second

// parseBranch reads the strategy and the intensity, which stand before the options.
func parseBranch(n *node, words []string) error {
	if len(words) < 3 {
		return fmt.Errorf("sup %s needs STRATEGY INTENSITY PERIOD", n.path)
	}
	strategy, err := pickWord("strategy", words[0], map[string]supervision.Strategy{
		"one_for_one": supervision.OneForOne, "one_for_all": supervision.OneForAll,
		"rest_for_one": supervision.RestForOne, "simple_one_for_one": supervision.Dynamic,
	})
	if err != nil {
		return err
	}
	restarts, err := parseNumber("intensity", words[1], 0)
	if err != nil {
		return err
	}
	period, err := parseNumber("period", words[2], 1)
	if err != nil {
		return err
	}
	n.child.Supervisor = true
	n.branch = &branch{
		spec: supervision.Spec{
			Strategy: strategy, Grain: otpGrain,
			Intensity: supervision.Intensity{Restarts: restarts, Period: time.Duration(period) * time.Second},
		},
		template: node{stop: manner{reason: "shutdown"}},
	}
	return nil
}

// set takes one option. Those of a template are a child's with a c before them.
func (n *node) set(option string) error {
	key, value, ok := strings.Cut(option, "=")
	if !ok {
		return fmt.Errorf("%q is no option: write key=value", option)
	}
	if n.branch != nil {
		switch key {
		case "auto":
			var err error
			n.branch.spec.AutoShutdown, err = pickWord(key, value, map[string]supervision.AutoShutdown{
				"never": supervision.AutoShutdownNever, "any_significant": supervision.AutoShutdownAny,
				"all_significant": supervision.AutoShutdownAll,
			})
			return err
		case "crestart", "cshutdown", "cstop", "csignificant":
			if !n.branch.dynamic() {
				return fmt.Errorf("%s is for simple_one_for_one only", key)
			}
			return n.branch.template.set(option[1:])
		case "shutdown", "stop":
			return fmt.Errorf("%s is not for a sup, whose shutdown is infinity", key)
		}
	}
	return n.setChild(key, value)
}

func (n *node) setChild(key, value string) (err error) {
	switch key {
	case "restart":
		n.child.Restart, err = pickWord(key, value, map[string]supervision.Restart{
			"permanent": supervision.Permanent, "transient": supervision.Transient, "temporary": supervision.Temporary,
		})
	case "significant":
		n.child.Significant, err = pickWord(key, value, map[string]bool{"true": true, "false": false})
	case "shutdown":
		n.child.Shutdown, err = parseShutdown(value)
	case "stop":
		n.stop, err = parseManner(value)
	default:
		return fmt.Errorf("option %q is unknown", key)
	}
	if err == nil && n.stop.never && n.child.Shutdown.Infinite() {
		return fmt.Errorf("stop=ignore with shutdown=infinity never ends: give it a time")
	}
	return err
}

func parseShutdown(value string) (supervision.Shutdown, error) {
	switch value {
	case "infinity":
		return supervision.ShutdownInfinite(), nil
	case "brutal_kill":
		return supervision.ShutdownAbandon(), nil
	}
	ms, err := parseNumber("shutdown", value, 0)
	return supervision.ShutdownWithin(time.Duration(ms) * time.Millisecond), err
}

func parseManner(value string) (manner, error) {
	kind, arg, _ := strings.Cut(value, ":")
	switch {
	case value == "ok":
		return manner{reason: "shutdown"}, nil
	case value == "ignore":
		return manner{never: true}, nil
	case kind == "exit" && arg != "":
		return manner{reason: arg}, nil
	case kind == "slow":
		ms, err := parseNumber("stop=slow", arg, 0)
		return manner{reason: "shutdown", after: time.Duration(ms) * time.Millisecond}, err
	}
	return manner{}, fmt.Errorf("stop %q is unknown: use ok, ignore, exit:REASON or slow:MS", value)
}

// maxNumber keeps times far from where a duration ends.
const maxNumber = 1 << 32

func parseNumber(what, value string, least int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > maxNumber {
		return 0, fmt.Errorf("%s %q is not a whole number from %d to %d", what, value, least, maxNumber)
	}
	return n, nil
}

func pickWord[T any](what, value string, words map[string]T) (T, error) {
	v, ok := words[value]
	if !ok {
		return v, fmt.Errorf("%s %q is unknown", what, value)
	}
	return v, nil
}
