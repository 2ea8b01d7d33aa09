package cli

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// outcome is what one run of the program left behind.
type outcome struct {
	code           int
	stdout, stderr string
}

// execution runs the program with the given environment and arguments.
func execution(t *testing.T, env map[string]string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := Run(t.Context(), Process{
		Args: args, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	})
	return outcome{code, stdout.String(), stderr.String()}
}

func TestBadInputIsOneLine(t *testing.T) {
	type variables = map[string]string
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	inUse := taken.Addr().String()

	for _, row := range []struct {
		name string
		env  variables
		args string
		code int
		want string // what the line must name
	}{
		{"no command", nil, "", 2, `expected one of`},
		{"unknown command", nil, "serve", 2, `unexpected argument serve`},
		{"unknown flag", nil, "node --id n --colour", 2, `unknown flag --colour`},
		{"missing flag", nil, "store", 2, `--data-dir`},
		{"missing argument", nil, "list", 2, `<service>`},
		{"bad duration", nil, "api --id a --ttl 5", 2, `--ttl: "5" is no period`},
		{"bad interval", nil, "node --id n --restart-check 10ms", 2, `--restart-check: "10ms" is no interval`},
		{"no folder", nil, "node --id n --listen 127.0.0.1:0 --state-dir " + file, 2, "--state-dir " + file},
		{"bad REST address", nil, "api --id a --rest 8080", 2, `--rest: "8080" is no address`},
		{"a gateway without REST", nil, "api --id a --gateway ws://127.0.0.1:1", 2, `--gateway: nobody is sent there without --rest`},
		{"bad service time", nil, "api --id a --service-time 5", 2, `--service-time: "5" is no time`},
		{"bad spread", nil, "api --id a --service-spread wide", 2, `--service-spread must be one of`},
		{"bad queue", nil, "api --id a --listen 127.0.0.1:0 --queue=-1", 2, `a queue of -1`},
		{"too many workers", nil, "store --listen 127.0.0.1:0 --data-dir " + t.TempDir() + " --workers 10001", 2, `10001 calls in flight`},
		{"too large a share", nil, "store --listen 127.0.0.1:0 --data-dir " + t.TempDir() + " --repair-share 1", 2, `repairs with 1 of the workers`},
		{"ctl without a command", nil, "ctl repairs", 2, `expected one of`},
		{"ctl without a store", nil, "ctl repairs pause", 2, `--admin`},
		{"ctl store away", nil, "ctl repairs status --admin 127.0.0.1:1", 1, `http://127.0.0.1:1 does not answer`},
		{"a database of no size", nil, "store --data-dir x --max-mib 0", 2, `--max-mib`},
		{"bad enum", nil, "node --id n --profile wild", 2, `--profile must be one of`},
		{"bad address", nil, "node --id n --listen 8080", 2, `--listen: "8080" is no address`},
		{"bad port", nil, "node --id n --listen :99999", 2, `port must be a number`},
		{"malformed URL", nil, "node --id n --etcd 127.0.0.1:2379", 2, `--etcd: "127.0.0.1:2379" is no URL`},
		{"URL without host", nil, "node --id n --etcd http://", 2, `it has no host`},
		{"URL with a password", nil, "node --id n --etcd http://u:p@h:1", 2, `must not hold a password`},
		{"URL with a path", nil, "node --id n --etcd http://h:1/v2/keys", 2, `nothing may follow`},
		{"bad gateway", nil, "load --gateway http://h:1", 2, `it must begin with ws:// or wss://`},
		{"bad rate", nil, "load --rate=-5/s", 2, `--rate: "-5/s" is no rate`},
		{"bad number in the environment", variables{"FIREBREAK_USERS": "many"}, "load", 2, `environment variable FIREBREAK_USERS: `},
		{"bad URL in the environment", variables{"FIREBREAK_ETCD": "http://h:1,zip"}, "list api", 2, `environment variable FIREBREAK_ETCD: "zip" is no URL`},
		{"bad enum in the environment", variables{"FIREBREAK_LOG_LEVEL": "loud"}, "list api", 2, `environment variable FIREBREAK_LOG_LEVEL must be one of`},
		{"line ends in the input", nil, "node --id n --col\nour", 2, `unknown flag --col; our`},
		{"bad service", nil, "list _hidden", 2, `_hidden`},
		{"bad id", nil, "node --id a/b", 2, `a/b`},
		{"bad demo size", nil, "demo --nodes 0", 2, `--nodes: "0" is no count`},
		{"port in use", nil, "node --id n --listen " + inUse, 1, inUse + `: the port is in use`},
		{"admin port in use", nil, "load --admin " + inUse, 1, `--admin ` + inUse + `: the port is in use`},
		{"store's folder", nil, "store --listen 127.0.0.1:0 --data-dir " + file, 1, file + `: cannot write there`},
		{"etcd's folder", nil, "etcd --listen 127.0.0.1:0 --data-dir " + file + "/below", 1, file + `/below is not writable`},
		{"etcd's port", nil, "etcd --data-dir " + t.TempDir() + " --listen " + inUse, 1, inUse + ` cannot be opened`},
		{"registry without a command", nil, "registry", 2, `expected one of`},
		{"registry why without a node", nil, "registry why api/a", 2, `--admin`},
		{"registry key", nil, "registry get api", 2, `write it as service/id`},
		{"registry key without a prefix", nil, "registry get /api/a", 2, `no prefix`},
		{"registry service", nil, "registry ls _x", 2, `_x`},
		{"registry prefix", nil, "registry lint --prefix services", 2, `--prefix: `},
		{"registry node", nil, "registry thaw api --admin ftp://h", 2, `is no admin listener`},
		{"registry token", nil, "registry thaw api --admin 127.0.0.1:1 --token-file " + file, 2, `at least 16 characters`},
		{"registry node away", nil, "registry ban api/a --admin 127.0.0.1:1", 1, `http://127.0.0.1:1 does not answer`},
		{"registry etcd away", nil, "registry lint --etcd http://127.0.0.1:1", 1, `cannot be read`},
		{"registry watch away", nil, "registry watch api --etcd http://127.0.0.1:1", 1, `cannot be read`},
		{"throttle nobody", nil, "ctl throttle 200/s", 2, `--node`},
		{"throttle without a unit", nil, "ctl throttle 200 --node 127.0.0.1:1", 2, `write 200/s`},
		{"throttle below nobody", nil, "ctl throttle --node 127.0.0.1:1 -- -1/s", 2, `rate -1`},
		{"throttle a part of no rate", nil, "ctl throttle auto --total --node 127.0.0.1:1", 2, `--total needs a rate, and auto is none`},
		{"throttle a part of nothing", nil, "ctl throttle --total --node 127.0.0.1:1", 2, `--total needs a rate`},
		{"throttle away", nil, "ctl throttle 0 --node 127.0.0.1:1", 1, `http://127.0.0.1:1 does not answer`},
		{"remoting for everybody", nil, "node --listen 127.0.0.1:0 --admin 127.0.0.1:0 --peer-listen 0.0.0.0:0", 2, `--peer-listen 0.0.0.0:0: `},
		{"admission of a node", nil, "node --admission fast", 2, `--admission`},
		{"ctl without a command", nil, "ctl", 2, `expected one of`},
		{"ctl away", nil, "ctl status --url 127.0.0.1:1", 1, `http://127.0.0.1:1 does not answer`},
		{"ctl incident", nil, "ctl incidents first", 2, `write its number`},
		{"ctl URL", nil, "ctl incidents --url ftp://h", 2, `--url`},
		{"ctl token", nil, "ctl status --token-file " + file, 2, `at least 16 characters`},
		{"watch nobody", nil, "watch --no-find", 2, `nobody is left to watch`},
		{"watch port in use", nil, "watch --listen " + inUse, 1, `--listen ` + inUse + `: the port is in use`},
		{"watch folder", nil, "watch --listen 127.0.0.1:0 --data-dir " + file, 1, file + `: cannot write there`},
		{"watch secret", nil, "watch --listen 127.0.0.1:0 --webhook-secret-file " + file, 2, `at least 16 characters`},
		{"watch webhook", nil, "watch --webhook http://u:p@h/x", 2, `--webhook: that is no webhook`},
		{"watch too often", nil, "watch --listen 127.0.0.1:0 --every 1ms", 2, `a round every 1ms`},
		{"watch prefix", nil, "watch --prefix services", 2, `--prefix: `},
		{"watch node", nil, "watch --node-admin http://", 2, `is no admin listener`},
		{"etcd away", nil, "list api --etcd http://127.0.0.1:1", 1, `etcd at [http://127.0.0.1:1] cannot be read`},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := execution(t, row.env, split(row.args)...)
			if got.code != row.code {
				t.Errorf("exit code: got %d, want %d", got.code, row.code)
			}
			if !strings.Contains(got.stderr, row.want) {
				t.Errorf("stderr: got %q, want it to say %q", got.stderr, row.want)
			}
			if strings.Count(got.stderr, "\n") != 1 || !strings.HasPrefix(got.stderr, "chatnode: ") {
				t.Errorf("stderr: got %q, want one line from chatnode", got.stderr)
			}
			if got.stdout != "" {
				t.Errorf("stdout: got %q, want nothing", got.stdout)
			}
		})
	}
}

// split cuts at spaces only, so that an argument can hold a line end.
func split(args string) []string {
	if args == "" {
		return nil
	}
	return strings.Split(args, " ")
}

func TestArgumentsWinOverTheEnvironment(t *testing.T) {
	env := map[string]string{"FIREBREAK_USERS": "7", "FIREBREAK_RATE": "3", "FIREBREAK_LOG_LEVEL": "warn", "FIREBREAK_VERSION": "true"}
	cmd, _, err := parse(Process{
		Args:      []string{"load", "--rate=50/s"},
		LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	})
	if err != nil {
		t.Fatal(err)
	}
	got, ok := cmd.(*loadCommand)
	if !ok {
		t.Fatalf("command: got %T, want load", cmd)
	}
	if got.Users != 7 || got.Rate != 50 || got.Seed != 1 {
		t.Errorf("users, rate, seed: got %v, %v, %v; want 7 (environment), 50 (argument), 1 (default)", got.Users, got.Rate, got.Seed)
	}
}

func TestHelpListsExitCodesAndVariables(t *testing.T) {
	var grammar tree
	parser, err := kong.New(&grammar, kong.NoDefaultHelp())
	if err != nil {
		t.Fatal(err)
	}
	commands := parser.Model.Leaves(true)
	if got, want := len(commands), 47; got != want {
		t.Errorf("commands: got %d, want %d", got, want)
	}
	for _, leaf := range append(commands, parser.Model.Node) {
		t.Run("chatnode "+leaf.Name, func(t *testing.T) {
			args := []string{"--help"}
			if leaf.Type == kong.CommandNode {
				for at := leaf; at.Type == kong.CommandNode; at = at.Parent {
					args = append([]string{at.Name}, args...)
				}
			}
			got := execution(t, nil, args...)
			if got.code != 0 || got.stderr != "" {
				t.Errorf("code and stderr: got %d and %q, want 0 and nothing", got.code, got.stderr)
			}
			for _, want := range []string{"Exit codes:", "0    it did", "1    it failed", "2    an argument"} {
				if !strings.Contains(got.stdout, want) {
					t.Errorf("help: got no %q, want it", want)
				}
			}
			for _, flag := range leaf.Flags {
				name, ok := variable(flag.Name)
				if ok && !strings.Contains(got.stdout, "($"+name+")") {
					t.Errorf("help of --%s: got no variable, want $%s", flag.Name, name)
				}
			}
		})
	}
}

func TestEveryCommandRuns(t *testing.T) {
	var folder func(of reflect.Type) (commands int)
	folder = func(of reflect.Type) (commands int) {
		for field := range of.Fields() {
			if field.Anonymous && field.Type.Kind() == reflect.Struct {
				commands += folder(field.Type) // commands that stand in a file of their own
			}
			if _, is := field.Tag.Lookup("cmd"); !is {
				continue
			}
			commands++
			if folder(field.Type) > 0 {
				continue // commands of its own
			}
			if _, ok := reflect.TypeAssert[command](reflect.New(field.Type)); !ok {
				t.Errorf("%s: got no run method, want one", field.Name)
			}
		}
		return commands
	}
	if folder(reflect.TypeFor[tree]()) == 0 {
		t.Error("commands: got none, want all")
	}
}
