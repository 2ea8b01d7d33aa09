package cluster

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// existingTTL is the lease of an API node whose later announcement is cut: a
// short one, because it writes in full every third of it.
const existingTTL = 6 * time.Second

// server is one process's name and addresses.
type server struct {
	name   string
	role   role
	listen string // host:port; empty for one that only connects out
	admin  string // host:port
	rest   string // host:port; API nodes that client libraries call have one
}

func (s server) adminURL() string { return "http://" + s.admin }

// layout is who listens where in one act.
type layout struct {
	etcd, store, load server
	etcdPeer          string
	apis, nodes       []server
	// joiner is the API node whose announcement is cut, key its record in etcd.
	joiner server
	key    string
}

// newLayout names every process of an act and chooses its ports.
func newLayout(ctx context.Context, p *ports, cfg Config) (layout, error) {
	var failed error
	port := func() string {
		address, err := p.take(ctx)
		if err != nil && failed == nil {
			failed = err
		}
		return address
	}
	listening := func(name string, r role) server {
		return server{name: name, role: r, listen: port(), admin: port()}
	}
	l := layout{
		etcd:     listening("etcd", roleEtcd),
		etcdPeer: "http://" + port(),
		store:    listening("store", roleStore),
		load:     server{name: "load", role: roleLoad, admin: port()},
	}
	for i := range cfg.APIs {
		l.apis = append(l.apis, listening(fmt.Sprintf("api-%d", i+1), roleAPI))
	}
	l.joiner = listening(fmt.Sprintf("api-%d", cfg.APIs+1), roleAPI)
	for i := range cfg.Nodes {
		l.nodes = append(l.nodes, listening(nodeName(i), roleNode))
	}
	for i := range l.apis {
		l.apis[i].rest = port()
	}
	if failed != nil {
		return layout{}, failed
	}
	key, err := registry.Key(registry.DefaultPrefix, apiService, l.joiner.name)
	l.key = key
	return l, err
}

func nodeName(i int) string { return fmt.Sprintf("node-%d", i+1) }

// all lists every server, in the order in which they start.
func (l layout) all() []server {
	all := append([]server{l.etcd, l.store}, l.apis...)
	return append(append(all, l.nodes...), l.load, l.joiner)
}

func names(servers []server) []string {
	out := make([]string, len(servers))
	for i, s := range servers {
		out[i] = s.name
	}
	return out
}

// maker turns a layout into the specs of its processes: the flags of each role.
type maker struct {
	cfg     Config
	profile string
	dir     string // the act's folder
	layout  layout
	report  func(event)
	// etcdFor are the addresses under which chat nodes reach etcd, by name.
	etcdFor map[string]string
	show    *show
}

func (m maker) spec(s server, args ...string) spec {
	args = append([]string{string(s.role)}, args...)
	return spec{
		Name: s.name, Role: s.role, Args: append(args, "--admin", s.admin, "--lifeline"),
		Admin: s.adminURL(), Log: filepath.Join(m.dir, s.name+".log"), Boot: m.cfg.Boot,
	}
}

func (m maker) etcd() spec {
	return m.spec(m.layout.etcd, "--listen", m.layout.etcd.listen, "--peer", m.layout.etcdPeer,
		"--data-dir", filepath.Join(m.dir, "etcd"), "--mode", "incident", "--fast")
}

func (m maker) store() spec {
	return m.spec(m.layout.store, "--listen", m.layout.store.listen, "--data-dir", filepath.Join(m.dir, "store"),
		"--users", strconv.Itoa(m.cfg.Users), "--guilds", strconv.Itoa(m.cfg.guilds()), "--seed", m.seed())
}

func (m maker) api(s server, args ...string) spec {
	flags := []string{"--id", s.name, "--listen", s.listen, "--etcd", m.etcdURL(), "--store", m.layout.store.listen}
	if s.rest != "" {
		flags = append(flags, "--rest", s.rest, "--gateway", strings.Join(m.layout.gateways(), ","))
	}
	return m.spec(s, append(flags, args...)...)
}

// joiner announces itself as the API nodes of the incident did, through a proxy.
func (m maker) joiner(proxy string) spec {
	args := []string{"--announce", "incident", "--announce-via", proxy, "--announce-retry", m.cfg.Poison.String()}
	if m.cfg.Target == TargetExisting {
		args = append(args, "--ttl", existingTTL.String())
	}
	return m.api(m.layout.joiner, args...)
}

func (m maker) node(s server) spec {
	made := m.spec(s, "--id", s.name, "--listen", s.listen, "--etcd", cmp.Or(m.etcdFor[s.name], m.etcdURL()), "--profile", m.profile,
		"--leave", "off")
	made.Attend = m.show.attend(s, follower{node: s.name, admin: s.adminURL(), report: m.report, show: m.show}.attend)
	return made
}

func (m maker) load() spec {
	flags := []string{
		"--gateway", strings.Join(m.layout.gateways(), ","), "--users", strconv.Itoa(m.cfg.Users),
		"--seed", m.seed(), "--rate", strconv.Itoa(m.cfg.connectRate()) + "/s",
	}
	if m.cfg.Messages > 0 {
		flags = append(flags, "--messages", fmt.Sprintf("%g/s", m.cfg.Messages), "--rest", strings.Join(m.layout.rest(), ","))
	}
	made := m.spec(m.layout.load, flags...)
	made.Attend = sampler{admin: m.layout.load.adminURL(), report: m.report}.attend
	return made
}

func (m maker) seed() string    { return strconv.FormatUint(m.cfg.Seed, 10) }
func (m maker) etcdURL() string { return "http://" + m.layout.etcd.listen }

// rest are the base URLs of the API nodes that client libraries call.
func (l layout) rest() []string {
	var out []string
	for _, s := range l.apis {
		out = append(out, "http://"+s.rest)
	}
	return out
}

func (l layout) gateways() []string {
	out := make([]string, len(l.nodes))
	for i, n := range l.nodes {
		out[i] = "ws://" + n.listen
	}
	return out
}
