package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/etcdv2"
)

// registryCommands are "chatnode registry ...": the operator's hands.
type registryCommands struct {
	Ls       registryLs       `cmd:"" help:"List what is served (of a node) or stored (in etcd)."`
	Get      registryGet      `cmd:"" help:"Show one key."`
	Why      registryWhy      `cmd:"" help:"Say why an instance is, or is not, among a node's picks."`
	Watch    registryWatch    `cmd:"" help:"Print changes as they come, until interrupted."`
	Lint     registryLint     `cmd:"" help:"Decode everything below the prefix in etcd, and exit with 3 if a record is bad."`
	Watchers registryWatchers `cmd:"" help:"Print how many watches wait at each etcd member, by its own count."`
	Export   registryExport   `cmd:"" help:"Print what etcd holds under a key, raw, for a post-mortem."`

	Quarantine orderQuarantine `cmd:"" help:"Take a key for bad: what it serves is kept, no new value is taken."`
	Release    orderRelease    `cmd:"" help:"End a quarantine: the value is judged again at once."`
	Ban        orderBan        `cmd:"" help:"Never serve a key, whatever etcd says, until unban."`
	Unban      orderUnban      `cmd:"" help:"Serve a banned key again."`
	Pin        orderPin        `cmd:"" help:"Serve what a key serves now, whatever comes, until unpin."`
	Unpin      orderUnpin      `cmd:"" help:"Let a pinned key go."`
	Hold       serviceHold     `cmd:"" help:"Hold all that a node serves of a service, until thaw."`
	Thaw       serviceThaw     `cmd:"" help:"Accept etcd's state as it is, and end every guard."`
	Accept     serviceAccept   `cmd:"" help:"Accept the instances that are there as the baseline: ends the guard against mass expiry only."`
}

// etcdFlags say where etcd is.
type etcdFlags struct {
	Etcd    []httpURL `default:"http://127.0.0.1:2379" help:"etcd endpoints, tried in order."`
	Prefix  string    `default:"/services" help:"Where the services' directories are."`
	Timeout period    `default:"5s" help:"How long to wait for an answer."`
	JSON    bool      `name:"json" help:"Print JSON."`
}

func (s etcdFlags) open() (*etcdv2.Registry, error) {
	source, err := etcdv2.New(etcdv2.Config{Endpoints: texts(s.Etcd), Timeout: time.Duration(s.Timeout)})
	if err != nil {
		return nil, usagef("--etcd: %w", err)
	}
	return source, nil
}

func (s etcdFlags) away(err error) error {
	return fmt.Errorf("etcd at %v cannot be read: %w; start it or name another with --etcd", s.Etcd, err)
}

// place is one key as the arguments name it.
type place struct{ service, directory, id, sent string }

// parseKey takes a whole key, or service/id below the prefix.
func parseKey(prefix, key string) (place, error) {
	cut := strings.LastIndexByte(key, '/')
	if cut <= 0 || cut == len(key)-1 {
		return place{}, usagef("key %q: write it as service/id, or whole as /services/api/api-7", key)
	}
	parent, id := key[:cut], key[cut+1:]
	p := place{service: parent, id: id, sent: id}
	if strings.HasPrefix(key, "/") {
		slash := strings.LastIndexByte(parent, '/')
		prefix, p.service, p.sent = parent[:slash], parent[slash+1:], key
		if prefix == "" {
			return place{}, usagef("key %q: it has no prefix: write it as service/id, or whole as /services/api/api-7", key)
		}
	}
	var err error
	if p.directory, err = registry.Directory(prefix, p.service); err != nil {
		return place{}, usagef("key %q: %w", key, err)
	}
	if _, ok := registry.SplitKey(p.directory, p.directory+id); !ok {
		return place{}, usagef("key %q: its last part is too long", key)
	}
	return p, nil
}

// node is a running role, by its admin listener.
type node struct {
	Admin     nodeURL `required:"" placeholder:"URL" help:"The node's admin listener; its address is in the node's first log line."`
	TokenFile string  `placeholder:"FILE" help:"The file with the node's token, where it needs one."`
	Timeout   period  `default:"5s" help:"How long to wait for an answer."`
	JSON      bool    `name:"json" help:"Print JSON."`
}

// nodeURL is an admin listener: a URL, or host:port.
type nodeURL string

// UnmarshalText accepts what the roles take and print.
func (u *nodeURL) UnmarshalText(text []byte) error {
	full := string(text)
	if !strings.Contains(full, "://") {
		full = "http://" + full
	}
	clean, err := baseURL(full, "http", "https")
	if err != nil {
		return fmt.Errorf("%q is no admin listener: %w, for example http://127.0.0.1:9100", text, err)
	}
	*u = nodeURL(clean)
	return nil
}

const maxAnswerBytes = 256 << 20

// ask sends a request and reads its answer into out.
func (n node) ask(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(n.Timeout))
	defer cancel()
	reply, err := n.send(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer func() { _ = reply.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(reply.Body, maxAnswerBytes))
	if err != nil {
		return fmt.Errorf("%s: the answer broke off: %w", n.Admin, err)
	}
	if reply.StatusCode/100 != 2 {
		var refusal struct {
			Error string `json:"error"`
		}
		if json.Unmarshal(body, &refusal) != nil || refusal.Error == "" {
			return fmt.Errorf("%s answered %s: is this the admin listener of a node or an api?", n.Admin, reply.Status)
		}
		return fmt.Errorf("%s refused: %s", n.Admin, safe(refusal.Error))
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("%s answered with no JSON: is this an admin listener?", n.Admin)
	}
	return nil
}

func (n node) send(ctx context.Context, method, path string, in any) (*http.Response, error) {
	request, err := n.request(ctx, method, path, in)
	if err != nil {
		return nil, err
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s does not answer: %w; name a node's admin listener with --admin", n.Admin, err)
	}
	return reply, nil
}

func (n node) request(ctx context.Context, method, path string, in any) (*http.Request, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, method, string(n.Admin)+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if n.TokenFile != "" {
		token, err := readToken("--token-file", n.TokenFile)
		if err != nil {
			return nil, err
		}
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return request, nil
}

// readToken reads a secret, which stands on the first line of a file.
func readToken(flag, file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", usagef("%s %s: cannot be read: %w", flag, file, bare(err))
	}
	token, _, _ := strings.Cut(string(text), "\n")
	if token = strings.TrimSpace(token); len(token) < 16 {
		return "", usagef("%s %s: a token has at least 16 characters", flag, file)
	}
	return token, nil
}

// safe makes foreign text fit for a terminal.
func safe(s string) string {
	const longest = 512
	s = s[:min(len(s), longest)]
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' {
			return strconv.QuoteToASCII(s)
		}
	}
	return s
}

// printJSON writes one document a line, in ASCII, so that a terminal shows it as it is.
func printJSON(w io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var line strings.Builder
	for _, c := range string(text) {
		switch {
		case c < 0x7f:
			line.WriteRune(c)
		case c < 0x10000:
			fmt.Fprintf(&line, `\u%04x`, c)
		default:
			fmt.Fprintf(&line, `\u%04x\u%04x`, 0xd800+(c-0x10000)>>10, 0xdc00+(c-0x10000)&0x3ff)
		}
	}
	_, err = fmt.Fprintln(w, line.String())
	return err
}

func newTable(w io.Writer, heads ...string) *tabwriter.Writer {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, strings.Join(heads, "\t"))
	return table
}

func row(table io.Writer, cells ...any) {
	for i, cell := range cells {
		if i > 0 {
			_, _ = fmt.Fprint(table, "\t")
		}
		text := safe(fmt.Sprint(cell))
		if text == "" {
			text = "-"
		}
		_, _ = fmt.Fprint(table, text)
	}
	_, _ = fmt.Fprintln(table)
}

func ms(n int64) time.Duration { return (time.Duration(n) * time.Millisecond).Round(time.Second) }
