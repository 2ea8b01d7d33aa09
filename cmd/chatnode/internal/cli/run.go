package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"time"

	"github.com/alecthomas/kong"
)

// lifelineGrace is how long a role may take to stop after its lifeline ended:
// the promise to whoever holds the other end is two seconds.
const lifelineGrace = 1500 * time.Millisecond

// errLifeline is why a role stops whose lifeline has ended.
var errLifeline = errors.New("the lifeline has ended")

// Process is what a command gets from the operating system. Tests bring their own.
type Process struct {
	// Args are the arguments after the program's name.
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// LookupEnv reads one environment variable, as os.LookupEnv does.
	LookupEnv func(name string) (value string, ok bool)
}

// tree is the command tree; kong reads it from the tags.
type tree struct {
	Help    helpFlag    `short:"h" help:"Show this text."`
	Version versionFlag `help:"Show which build this is."`
	logging

	Demo  demoCommand  `cmd:"" help:"Run the incident on this machine: a whole cluster, once per profile, and a table of what happened."`
	Node  nodeCommand  `cmd:"" help:"Run a chat node: WebSocket sessions, API nodes found through etcd."`
	API   apiCommand   `cmd:"" name:"api" help:"Run an API node: announces itself in etcd, loads users and guilds from the store."`
	Store storeCommand `cmd:"" help:"Run the store: the database process of a cluster."`
	Etcd  etcdCommand  `cmd:"" help:"Run an embedded etcd 3.5 that serves the v2 and v3 APIs."`
	Load  loadCommand  `cmd:"" help:"Run synthetic users that connect, stay and come back."`
	Watch watchCommand `cmd:"" help:"Watch a cluster from outside: alarms, the incident log, the public status page."`
	List  listCommand  `cmd:"" help:"List a service's instances once, as etcd holds them now."`

	Registry registryCommands `cmd:"" help:"Look at directories and steer nodes: ls, get, why, watch, lint, export, and orders about keys."`
	Ctl      ctlCommands      `cmd:"" help:"Ask a running cluster how it is, and tell it what to do."`
}

// command is what every leaf of the tree does.
type command interface {
	// run does the command's work until it is done or ctx ends.
	run(ctx context.Context, s *session) error
}

// lifelined is a command that may end with its standard input.
type lifelined interface{ wantsLifeline() bool }

// Run executes the command that the arguments name and returns the exit code.
// The error, if any, is one line on p.Stderr.
//
// It returns soon after ctx has ended; what is still running then ends with the
// process.
func Run(ctx context.Context, p Process) int {
	err := execute(ctx, p)
	if err != nil && !errors.Is(err, errShown) {
		_, _ = fmt.Fprintln(p.Stderr, "chatnode: "+oneLine(err))
	}
	return exitCode(err)
}

func execute(ctx context.Context, p Process) error {
	cmd, session, err := parse(p)
	if err != nil {
		return err
	}
	return attend(ctx, cmd, session, p.Stdin)
}

// attend runs the command, with stdin as its lifeline if it wants one. A
// command that outlives its lifeline is left behind.
func attend(ctx context.Context, cmd command, s *session, stdin io.Reader) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var abandoned <-chan struct{}
	if l, ok := cmd.(lifelined); ok && l.wantsLifeline() {
		abandoned = watchLifeline(stdin, func() { cancel(errLifeline) }, lifelineGrace)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.run(ctx, s) }()
	select {
	case err := <-done:
		return err
	case <-abandoned:
		return fmt.Errorf("did not stop within %v of its lifeline's end; left as it was", lifelineGrace)
	}
}

// parse finds the command and fills it from arguments, environment and defaults.
func parse(p Process) (command, *session, error) {
	var t tree
	env := &environment{lookup: p.LookupEnv}
	parser, err := kong.New(&t,
		kong.Name("chatnode"),
		kong.Description("A chat cluster to study cascades on.\n\n"+exitCodes("   70    supervision gave up (node)")),
		kong.NoDefaultHelp(),
		kong.Writers(p.Stdout, p.Stderr),
		kong.Resolvers(env),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.ValueFormatter(describeFlag),
	)
	if err != nil {
		return nil, nil, fmt.Errorf("command tree: %w", err)
	}
	parsed, err := parser.Parse(p.Args)
	if err != nil {
		return nil, nil, usageError(err, env)
	}
	cmd, ok := reflect.TypeAssert[command](parsed.Selected().Target.Addr())
	if !ok {
		return nil, nil, fmt.Errorf("%s: the command has no work to do", parsed.Command())
	}
	s := newSession(p, t.logging)
	s.settings = func() []setting { return settingsOf(parsed, env) }
	return cmd, s, nil
}

// usageError makes a parser's error say where the bad value came from and where
// to read on.
func usageError(err error, env *environment) error {
	if errors.Is(err, errShown) {
		return errShown
	}
	name := "chatnode"
	if p, ok := errors.AsType[*kong.ParseError](err); ok {
		if selected := p.Context.Selected(); selected != nil {
			name += " " + selected.Path()
		}
	}
	return usagef("%s; see %q", env.blame(err.Error()), name+" --help")
}
