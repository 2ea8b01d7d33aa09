package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/netutil"

	"github.com/firebreak-go/firebreak/actors"
	actorsadmin "github.com/firebreak-go/firebreak/actors/admin"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident/monitor"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident/statuspage"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/etcdv2"
)

// Limits of the listener that serves the status page.
const (
	pageConnections = 256
	pageReadLimit   = 5 * time.Second
	pageWriteLimit  = 10 * time.Second
	pageIdleLimit   = 5 * time.Second
	pageHeadBytes   = 8 << 10
)

// watchCommand is "chatnode watch".
type watchCommand struct {
	Listen            address      `default:"127.0.0.1:8090" help:"Where the status page is: /status for people, /status.json for programs."`
	Etcd              []httpURL    `default:"http://127.0.0.1:2379" help:"etcd endpoints, tried in order: chat nodes and API nodes whose records name an admin listener are found there."`
	Prefix            string       `default:"/services" help:"Where the services' directories are."`
	Find              bool         `default:"true" negatable:"" help:"Look for chat nodes and API nodes in etcd; --no-find watches only those that are named."`
	NodeAdmin         []nodeURL    `placeholder:"URL" help:"Admin listeners of chat nodes, beside those found in etcd."`
	APIAdmin          []nodeURL    `name:"api-admin" placeholder:"URL" help:"Admin listeners of API nodes, beside those found in etcd."`
	StoreAdmin        []nodeURL    `placeholder:"URL" help:"Admin listener of the store."`
	Every             period       `default:"2s" help:"How often everybody is asked how it is; three bad answers open an incident."`
	Hold              period       `default:"1m" help:"For how long all must be well before an incident is closed."`
	DataDir           string       `placeholder:"DIR" help:"Where the incident log is kept; in memory only by default. One watch a folder."`
	Webhook           []webhookURL `placeholder:"URL" help:"Called with JSON when an incident opens, escalates and closes."`
	WebhookSecretFile string       `placeholder:"FILE" help:"The file with the secret that webhooks are called with, as a bearer token."`
	role
}

// Help says what it watches, and lists the exit codes.
func (watchCommand) Help() string {
	return "It compares connected sessions, capacity, calls and restarts with their recent past, opens an incident when " +
		"one is clearly worse, keeps its timeline, and closes it. It needs no other process to run: what does not answer " +
		"is a finding. Run it on another machine than what it watches.\n\n" + exitCodes()
}

func (c *watchCommand) run(ctx context.Context, s *session) error {
	if _, err := registry.Directory(c.Prefix, nodeService); err != nil {
		return usagef("--prefix: %w", err)
	}
	if !c.Find && len(c.NodeAdmin)+len(c.APIAdmin)+len(c.StoreAdmin) == 0 {
		return usagef("--no-find: nobody is left to watch; name admin listeners with --node-admin, --api-admin or --store-admin")
	}
	admin, err := c.openAdmin(ctx)
	if err != nil {
		return err
	}
	defer admin.stop(ctx)
	listener, err := listen(ctx, "--listen", c.Listen)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()

	source, err := etcdv2.New(etcdv2.Config{Endpoints: texts(c.Etcd)})
	if err != nil {
		return usagef("--etcd: %w", err)
	}
	defer source.Close()
	runtime, err := c.newRuntime(source, admin.observer(s.log))
	if err != nil {
		return err
	}
	admin.follow(runtime)
	watching, err := c.newMonitor(s, runtime)
	if err != nil {
		return err
	}
	page, err := statuspage.New(watching)
	if err != nil {
		return err
	}

	admin.metrics.MustRegister(newWatchMetrics(watching))
	admin.mux.Handle("/admin/", actorsadmin.Handler(runtime))
	admin.serve(s, func() error { return sees(watching) })
	s.log.Info().Str("status", "http://"+listener.Addr().String()+"/status").Str("admin", admin.url()).Msg("watch starts")
	if c.Find {
		if err := runtime.Start(ctx); err != nil {
			return err
		}
		defer func() { _ = stopWithin(ctx, runtime) }()
	}
	serving := background(ctx, func(ctx context.Context) error { return servePage(ctx, listener, page) })
	watched := background(ctx, watching.Run)
	select {
	case <-ctx.Done():
	case <-serving.ended:
	}
	return errors.Join(watched.stop(), serving.stop())
}

func (c *watchCommand) newRuntime(source registry.Source, observer func(actors.Event)) (*actors.Runtime, error) {
	policy := actors.Isolated()
	// It decides nothing by what it reads, so it complains of nothing either.
	runtime, err := actors.New(actors.Config{Source: source, Prefix: c.Prefix, Policy: &policy, Seed: seedOf("watch"), Observe: observer, Mute: true})
	if err != nil {
		return nil, err
	}
	return runtime, errors.Join(runtime.Watch(nodeService), runtime.Watch(apiService))
}

func (c *watchCommand) newMonitor(s *session, runtime *actors.Runtime) (*monitor.Monitor, error) {
	secret := ""
	if c.WebhookSecretFile != "" {
		var err error
		if secret, err = readToken("--webhook-secret-file", c.WebhookSecretFile); err != nil {
			return nil, err
		}
	}
	if c.DataDir != "" {
		if err := writableFolder("--data-dir", c.DataDir); err != nil {
			return nil, err
		}
	}
	m, err := monitor.New(monitor.Config{
		Targets: func() []monitor.Target { return c.targets(runtime) }, Every: time.Duration(c.Every),
		Incident: incident.Config{Hold: time.Duration(c.Hold)}, Folder: c.DataDir,
		Webhooks: texts(c.Webhook), Secret: secret, Log: s.log,
	})
	if err != nil {
		return nil, withCode(exitUsage, err)
	}
	return m, nil
}

// targets are those that are named, and those that etcd knows.
func (c *watchCommand) targets(runtime *actors.Runtime) []monitor.Target {
	var all []monitor.Target
	seen := map[string]bool{}
	add := func(role incident.Role, admin string, draining bool) {
		if !seen[admin] {
			seen[admin] = true
			all = append(all, monitor.Target{Target: incident.Target{ID: string(role) + " " + admin, Role: role, Draining: draining}, Admin: admin})
		}
	}
	for _, named := range []struct {
		role incident.Role
		urls []nodeURL
	}{{incident.ChatNode, c.NodeAdmin}, {incident.APINode, c.APIAdmin}, {incident.Store, c.StoreAdmin}} {
		for _, u := range named.urls {
			add(named.role, string(u), false)
		}
	}
	if !c.Find {
		return all
	}
	for _, found := range []struct {
		role    incident.Role
		service string
	}{{incident.ChatNode, nodeService}, {incident.APINode, apiService}} {
		snapshot := runtime.Snapshot(found.service)
		if snapshot == nil {
			continue
		}
		for row := range snapshot.Rows.All() {
			// A record can say anything: what is no base URL is not asked.
			if admin, err := baseURL(row.Instance.Meta[adminMeta], "http", "https"); err == nil {
				add(found.role, admin, row.Instance.State == registry.StateDraining)
			}
		}
	}
	return all
}

// sees says why nothing is watched, or nil.
func sees(m *monitor.Monitor) error {
	if m.Stats().Targets == 0 {
		return errors.New("watch: nobody is watched: etcd knows no chat node or API node whose record names an admin listener, and none is named by flag")
	}
	return nil
}

// servePage answers the public until ctx ends.
func servePage(ctx context.Context, listener net.Listener, page http.Handler) error {
	mux := http.NewServeMux()
	mux.Handle("/", page)
	mux.Handle("/{$}", http.RedirectHandler("/status", http.StatusFound))
	server := &http.Server{
		Handler: mux, ReadTimeout: pageReadLimit, ReadHeaderTimeout: pageReadLimit,
		WriteTimeout: pageWriteLimit, IdleTimeout: pageIdleLimit, MaxHeaderBytes: pageHeadBytes,
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	err := server.Serve(netutil.LimitListener(listener, pageConnections))
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("status page: %w", err)
}

// webhookURL is where notices go.
type webhookURL string

// UnmarshalText accepts http and https with any path; it never shows the path, which
// often is a secret itself.
func (w *webhookURL) UnmarshalText(text []byte) error {
	u, err := url.Parse(string(text))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return errors.New("that is no webhook: write its URL, beginning with https:// or http:// and without a password")
	}
	*w = webhookURL(text)
	return nil
}

// String hides all but the host, as /admin/config shows it.
func (w webhookURL) String() string {
	u, err := url.Parse(string(w))
	if err != nil {
		return hidden
	}
	return u.Scheme + "://" + u.Host + "/" + strings.Repeat("…", min(len(strings.Trim(u.Path, "/")), 1))
}
