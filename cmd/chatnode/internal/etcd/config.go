package etcd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"go.etcd.io/bbolt"
	"go.etcd.io/etcd/client/pkg/v3/types"
	"go.etcd.io/etcd/server/v3/embed"
)

// Mode says what stands in front of the v2 keys handler.
type Mode string

// The modes.
const (
	ModePlain    Mode = "plain"
	ModeIncident Mode = "incident"
	ModeGuard    Mode = "guard"
)

// Defaults and limits.
const (
	DefaultListen = "127.0.0.1:2379"
	DefaultPeer   = "127.0.0.1:0"
	DefaultName   = "etcd"
	// StopLimit is how long Run may take to end after its context.
	StopLimit = 2 * time.Second
)

// Config says which member to run. Only DataDir has no default.
type Config struct {
	// Listen is the client address "host:port"; "" means 127.0.0.1:2379, port 0 a free one.
	// The host is an IP address or localhost.
	Listen string
	// DataDir is made when it is missing.
	DataDir string
	// Mode is one of the three; "" means plain.
	Mode Mode
	// Name is the member's name; "" means "etcd".
	Name string
	// Peer is the address for other members; "" means a free port of 127.0.0.1.
	Peer string
	// InitialCluster lists all members, "a=http://host:2380,b=http://…"; "" means this one alone.
	InitialCluster string
	// Fast is for a demo: a heartbeat each 10 ms, election after 100 ms, and no
	// fsync, so that a power cut, though no crash of the process, loses writes.
	Fast bool
	// Log gets the package's own lines.
	Log zerolog.Logger
	// Chatter is the least severe of etcd's own lines that goes to Log: debug,
	// info, warn or error; "" means warn.
	Chatter string
}

func (c Config) withDefaults() Config {
	fill := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	fill(&c.Listen, DefaultListen)
	fill((*string)(&c.Mode), string(ModePlain))
	fill(&c.Name, DefaultName)
	fill(&c.Peer, DefaultPeer)
	fill(&c.Chatter, zerolog.LevelWarnValue)
	return c
}

// embedded turns the configuration into etcd's own, and names what is wrong with it.
func (c Config) embedded(ctx context.Context) (*embed.Config, error) {
	switch c.Mode {
	case ModePlain, ModeIncident, ModeGuard:
	default:
		return nil, fmt.Errorf("mode %q: use plain, incident or guard", c.Mode)
	}
	level, err := zerolog.ParseLevel(c.Chatter)
	if err != nil || c.Chatter == "" {
		return nil, fmt.Errorf("chatter level %q: use debug, info, warn or error", c.Chatter)
	}
	clients, err := parseURL("listen", c.Listen)
	if err == nil {
		clients.Host, err = tryListen(ctx, "listen", clients.Host)
	}
	if err != nil {
		return nil, err
	}
	peers, err := parseURL("peer", c.Peer)
	if err == nil {
		// The peer's port 0 stays 0: it is part of what the cluster's ID is made of.
		_, err = tryListen(ctx, "peer", peers.Host)
	}
	if err != nil {
		return nil, err
	}
	if err := c.checkCluster(); err != nil {
		return nil, err
	}
	if err := checkFolder(c.DataDir); err != nil {
		return nil, err
	}
	e := embed.NewConfig()
	e.Name, e.Dir, e.EnableV2 = c.Name, c.DataDir, true
	e.ListenClientUrls, e.AdvertiseClientUrls = []url.URL{clients}, []url.URL{advertised(clients)}
	e.ListenPeerUrls, e.AdvertisePeerUrls = []url.URL{peers}, []url.URL{advertised(peers)}
	e.InitialCluster = c.InitialCluster
	if c.InitialCluster == "" {
		e.InitialCluster = e.InitialClusterFromName(c.Name)
	}
	if c.Fast {
		e.TickMs, e.ElectionMs, e.UnsafeNoFsync = 10, 100, true
	}
	e.ZapLoggerBuilder = embed.NewZapLoggerBuilder(chatter(c.Log, level))
	return e, nil
}

// parseURL accepts "host:port" and the same with http:// before it.
func parseURL(what, address string) (url.URL, error) {
	host, port, err := net.SplitHostPort(strings.TrimSuffix(strings.TrimPrefix(address, "http://"), "/"))
	if host == "" {
		host = "0.0.0.0"
	}
	_, portErr := strconv.ParseUint(port, 10, 16)
	if err != nil || portErr != nil || host != "localhost" && net.ParseIP(host) == nil {
		return url.URL{}, fmt.Errorf("%s address %q: write it like 127.0.0.1:2379, an IP address and a port", what, address)
	}
	return url.URL{Scheme: "http", Host: net.JoinHostPort(host, port)}, nil
}

// tryListen opens the address before etcd does, so that a port in use is told in
// one line, and returns it with port 0 turned into one that is free.
func tryListen(ctx context.Context, what, address string) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return "", fmt.Errorf("%s address %s cannot be opened: %w: choose another one", what, address, root(err))
	}
	defer func() { _ = l.Close() }()
	if host, port, _ := net.SplitHostPort(address); port == "0" {
		_, port, _ = net.SplitHostPort(l.Addr().String())
		return net.JoinHostPort(host, port), nil
	}
	return address, nil
}

// checkCluster looks for this member in the list of all.
func (c Config) checkCluster() error {
	if c.InitialCluster == "" {
		return nil
	}
	members, err := types.NewURLsMap(c.InitialCluster)
	if _, found := members[c.Name]; err != nil || !found {
		return fmt.Errorf("initial cluster %q: write it like a=http://10.0.0.1:2380,b=http://10.0.0.2:2380, with this member's name %q in it", c.InitialCluster, c.Name)
	}
	return nil
}

// root is the system's own word for a failed network call, without the call.
func root(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	return err
}

// advertised is how others reach a URL that is listened on: all interfaces are
// reached by the machine's name.
func advertised(u url.URL) url.URL {
	host, port, _ := net.SplitHostPort(u.Host)
	if ip := net.ParseIP(host); ip == nil || !ip.IsUnspecified() {
		return u
	}
	if name, err := os.Hostname(); err == nil {
		u.Host = net.JoinHostPort(name, port)
	}
	return u
}

// checkFolder makes the data folder and writes into it, because etcd would panic
// where it cannot.
func checkFolder(dir string) error {
	if dir == "" {
		return errors.New("no data folder is given: name one that etcd may write to")
	}
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		probe := filepath.Join(dir, ".writable")
		if err = os.WriteFile(probe, nil, 0o600); err == nil {
			err = os.Remove(probe)
		}
	}
	if err != nil {
		return fmt.Errorf("data folder %s is not writable: %w: choose another one", dir, err)
	}
	return checkUnused(dir)
}

// checkUnused looks for another etcd on the folder, for whose end etcd would wait
// without a limit and without a word. One that is just ending gets its time.
func checkUnused(dir string) error {
	file := filepath.Join(dir, "member", "snap", "db")
	if _, err := os.Stat(file); err != nil {
		return nil //nolint:nilerr // no database, so nobody who has it open
	}
	db, err := bbolt.Open(file, 0o600, &bbolt.Options{ReadOnly: true, Timeout: StopLimit * 3 / 4})
	switch {
	case errors.Is(err, bbolt.ErrTimeout):
		return fmt.Errorf("data folder %s is in use by another process: end that one or choose another folder", dir)
	case err != nil:
		return nil //nolint:nilerr // what is wrong with it is etcd's to say
	}
	return db.Close()
}
