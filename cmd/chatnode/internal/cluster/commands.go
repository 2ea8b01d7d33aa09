package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/fault"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/page"
)

// defaultKey is the record that is injected where nobody says which: one that no
// announcer owns, so that nobody repairs it.
const defaultKey = "injected"

// order is one command that the page, or chatnode ctl, may give.
type order struct {
	spec page.CommandSpec
	// flag is what the time axis says of it, run what it does; run answers with a
	// line for whoever asked.
	kind page.FlagKind
	run  func(ctx context.Context, a *act, args arguments) (string, error)
}

// orders are all of them.
func orders() []order {
	return []order{
		{
			spec: describe("inject", "inject a bad record", true, choice("class", injectable(), "torn"), text("key", defaultKey)),
			kind: page.FlagAction, run: inject,
		},
		{spec: describe("heal", "remove an injected record", false, text("key", defaultKey)), kind: page.FlagAction, run: heal},
		{spec: describe("tear", "cut the new API node's next announcement", true), kind: page.FlagAction, run: tear},
		{spec: describe("kill", "kill a process", true, target()), kind: page.FlagAction, run: kill},
		{spec: describe("pause", "pause a process (SIGSTOP)", true, target()), kind: page.FlagAction, run: pauseOne},
		{spec: describe("resume", "let a paused process go on", false, target()), kind: page.FlagAction, run: resumeOne},
		{spec: describe("cut", "cut a chat node off etcd", true, nodeArg()), kind: page.FlagAction, run: cut},
		{spec: describe("join", "connect a chat node to etcd again", false, nodeArg()), kind: page.FlagAction, run: join},
		{spec: describe("etcd-down", "take etcd down", true), kind: page.FlagAction, run: etcdDown},
		{spec: describe("etcd-up", "bring etcd back", false), kind: page.FlagAction, run: etcdUp},
		{spec: describe("wipe", "delete the whole directory in etcd", true), kind: page.FlagAction, run: wipe},
		{spec: describe("storm", "let every watch lose its history (401)", true), kind: page.FlagAction, run: storm},
		{spec: describe("scale-out", "add an API node", false), kind: page.FlagAction, run: scaleOut},
		{spec: describe("scale-in", "take an API node out", false, maybe("target")), kind: page.FlagAction, run: scaleIn},
		{spec: describe("throttle", "admit connections at a rate", false, text("rate", "200/s")), kind: page.FlagThrottle, run: throttle},
		{
			spec: describe("repairs", "pause or resume the store's repairs", false, choice("action", []string{"pause", "resume"}, "pause")),
			kind: page.FlagRepairs, run: repairs,
		},
		{spec: describe("release", "judge a key in quarantine again", false, text("key", defaultKey)), kind: page.FlagAction, run: releaseKey},
		{spec: describe("thaw", "end the guards of the directory", false), kind: page.FlagGuard, run: thaw},
		{
			spec: describe("rerun", "play an act again", true, choice("profile", []string{ProfileNaive, ProfileIsolated}, ProfileNaive),
				maybe("poison"), maybe("boot"), maybe("seed")),
			kind: page.FlagAction,
		},
	}
}

// commandSpecs describe the commands for a run with these chat nodes.
func commandSpecs(nodes []string) []page.CommandSpec {
	all := orders()
	specs := make([]page.CommandSpec, 0, len(all))
	for _, o := range all {
		for i, arg := range o.spec.Args {
			if arg.Name == "node" {
				o.spec.Args[i].Choices = append([]string{allNodes}, nodes...)
				o.spec.Args[i].Value = nodes[0]
			}
		}
		specs = append(specs, o.spec)
	}
	return specs
}

// describe describes a command.
func describe(name, label string, danger bool, args ...page.ArgSpec) page.CommandSpec {
	return page.CommandSpec{Name: name, Label: label, Danger: danger, Args: append([]page.ArgSpec{}, args...)}
}

func text(name, value string) page.ArgSpec {
	return page.ArgSpec{Name: name, Type: page.ArgText, Value: value, Optional: value != ""}
}

func maybe(name string) page.ArgSpec {
	return page.ArgSpec{Name: name, Type: page.ArgText, Optional: true}
}

func choice(name string, choices []string, value string) page.ArgSpec {
	return page.ArgSpec{Name: name, Type: page.ArgChoice, Choices: choices, Value: value, Optional: value != ""}
}

func target() page.ArgSpec { return page.ArgSpec{Name: "target", Type: page.ArgText, Value: "node-1"} }

func nodeArg() page.ArgSpec { return page.ArgSpec{Name: "node", Type: page.ArgChoice} }

// allNodes stands for every chat node.
const allNodes = "all"

func injectable() []string {
	classes := []string{"torn"}
	for _, bad := range fault.BadValues() {
		classes = append(classes, string(bad))
	}
	return classes
}

// arguments are a command's, with its defaults filled in.
type arguments map[string]string

// check refuses arguments that a command has not, and fills in defaults.
func check(spec page.CommandSpec, given map[string]string) (arguments, error) {
	args := arguments{}
	for name := range given {
		if !slices.ContainsFunc(spec.Args, func(a page.ArgSpec) bool { return a.Name == name }) {
			return nil, badCommand("%s takes no %.32q", spec.Name, name)
		}
	}
	for _, arg := range spec.Args {
		value := strings.TrimSpace(given[arg.Name])
		if value == "" {
			value = arg.Value
		}
		switch {
		case value == "" && !arg.Optional:
			return nil, badCommand("%s needs its %s", spec.Name, arg.Name)
		case len(value) > 128:
			return nil, badCommand("%s: %s is too long", spec.Name, arg.Name)
		case arg.Type == page.ArgChoice && len(arg.Choices) > 0 && value != "" && !slices.Contains(arg.Choices, value):
			return nil, badCommand("%s: %s %.32q: want %s", spec.Name, arg.Name, value, strings.Join(arg.Choices, ", "))
		}
		args[arg.Name] = value
	}
	return args, nil
}

func badCommand(format string, args ...any) error {
	return fmt.Errorf("%w: %s", page.ErrBadCommand, fmt.Sprintf(format, args...))
}

// command does what the page asks. Whatever comes of it is a flag on the time axis.
func (s *show) command(ctx context.Context, c page.Command) (string, error) {
	all := orders()
	i := slices.IndexFunc(all, func(o order) bool { return o.spec.Name == c.Name })
	if i < 0 {
		return "", badCommand("%.32q is no command", c.Name)
	}
	o := all[i]
	args, err := check(o.spec, c.Args)
	if err != nil {
		return "", err
	}
	a, err := s.running()
	if err != nil {
		return "", err
	}
	at := time.Now()
	var done string
	if o.run == nil {
		done, err = s.again(args)
	} else {
		done, err = o.run(ctx, a, args)
	}
	if err != nil {
		return "", err
	}
	s.flag(at, o.kind, done)
	a.say("by hand: %s", done)
	return done, nil
}
