package admin

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
)

// Limits of commands.
const (
	// maxCommandBytes bounds the body of a command.
	maxCommandBytes = 8 << 10
	// commandReadLimit bounds how long it may take to arrive.
	commandReadLimit = 5 * time.Second
	// exportReaders is how many exports are under way at most; more are refused.
	exportReaders = 2
)

// Config says who may command. The zero value lets nobody.
type Config struct {
	// Loopback says that the handler is served on loopback only: then whoever
	// connects may command, unless there is a token.
	Loopback bool
	// Token is what a command must bring, as "Authorization: Bearer <token>". It
	// is needed where the handler is not served on loopback only.
	Token string
}

// Command is the body of a POST to /admin/command/<name>.
type Command struct {
	Service string `json:"service"`
	// Key is whole or the last part of it; for commands about one key.
	Key string `json:"key,omitzero"`
	// Reason is one line for whoever looks later: of ban, pin and quarantine.
	Reason string `json:"reason,omitzero"`
	// Index is that of the value to pin; 0 for the one that is served.
	Index registry.Index `json:"index,omitzero"`
}

// steering serves the commands, and what is read about one key.
type steering struct {
	runtime *actors.Runtime
	cfg     Config
	exports chan struct{}
}

func (s *steering) register(mux *http.ServeMux) {
	mux.HandleFunc("GET /admin/why", s.why)
	mux.HandleFunc("GET /admin/export", s.export)
	mux.HandleFunc("POST /admin/command/{name}", s.command)
}

func (s *steering) why(w http.ResponseWriter, r *http.Request) {
	why, err := s.runtime.Why(r.FormValue("service"), r.FormValue("key"))
	if err != nil {
		refuse(w, err)
		return
	}
	answer(w, http.StatusOK, why)
}

func (s *steering) export(w http.ResponseWriter, r *http.Request) {
	select {
	case s.exports <- struct{}{}:
		defer func() { <-s.exports }()
	default:
		fail(w, http.StatusServiceUnavailable, fmt.Sprintf("admin: %d exports are under way, which is the limit", exportReaders))
		return
	}
	x, err := s.runtime.Export(r.Context(), r.FormValue("service"), r.FormValue("key"))
	if err != nil {
		refuse(w, err)
		return
	}
	answer(w, http.StatusOK, x)
}

func (s *steering) command(w http.ResponseWriter, r *http.Request) {
	if status, reason := s.cfg.allows(r); reason != "" {
		if status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", "Bearer")
		}
		fail(w, status, "admin: "+reason)
		return
	}
	// A recorder in a test has no deadlines; every real connection has.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(commandReadLimit))
	c, status, err := readCommand(w, r)
	if err != nil {
		fail(w, status, "admin: "+err.Error())
		return
	}
	run := s.named(r.PathValue("name"))
	if run == nil {
		fail(w, http.StatusNotFound, fmt.Sprintf("admin: %.64q is no command", r.PathValue("name")))
		return
	}
	if err := run(r.Context(), c); err != nil {
		refuse(w, err)
		return
	}
	answer(w, http.StatusOK, map[string]string{"done": r.PathValue("name")})
}

// named is what a command does, or nil.
func (s *steering) named(name string) func(context.Context, Command) error {
	rt := s.runtime
	switch name {
	case "release":
		return func(ctx context.Context, c Command) error { return rt.Release(ctx, c.Service, c.Key) }
	case "quarantine":
		return func(ctx context.Context, c Command) error { return rt.Quarantine(ctx, c.Service, c.Key, c.Reason) }
	case "ban":
		return func(ctx context.Context, c Command) error { return rt.Ban(ctx, c.Service, c.Key, c.Reason) }
	case "unban":
		return func(ctx context.Context, c Command) error { return rt.Unban(ctx, c.Service, c.Key) }
	case "pin":
		return func(ctx context.Context, c Command) error { return rt.Pin(ctx, c.Service, c.Key, c.Index, c.Reason) }
	case "unpin":
		return func(ctx context.Context, c Command) error { return rt.Unpin(ctx, c.Service, c.Key) }
	case "hold":
		return func(_ context.Context, c Command) error { return rt.Hold(c.Service) }
	case "thaw":
		return func(_ context.Context, c Command) error { return rt.Thaw(c.Service) }
	case "accept":
		return func(_ context.Context, c Command) error { return rt.AcceptBaseline(c.Service) }
	}
	return nil
}

func readCommand(w http.ResponseWriter, r *http.Request) (Command, int, error) {
	var c Command
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "application/json" {
		return c, http.StatusUnsupportedMediaType, errors.New("a command is application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCommandBytes))
	if _, big := errors.AsType[*http.MaxBytesError](err); big {
		return c, http.StatusRequestEntityTooLarge, fmt.Errorf("a command has at most %d bytes", maxCommandBytes)
	}
	if err != nil {
		return c, http.StatusBadRequest, errors.New("the command did not arrive whole")
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&c) != nil || decoder.More() {
		return c, http.StatusBadRequest, errors.New("the body is no command: want service, key, reason, index and nothing else")
	}
	return c, 0, nil
}

// foreign reports whether a page of another site made the request.
func foreign(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		site := r.Header.Get("Sec-Fetch-Site")
		return r.Method != http.MethodGet && site != "" && site != "same-origin" && site != "none"
	}
	u, err := url.Parse(origin)
	return err != nil || u.Host == "" || u.Host != r.Host
}

// allows says why a command is refused, or nothing.
func (c Config) allows(r *http.Request) (status int, reason string) {
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case c.Token != "" && subtle.ConstantTimeCompare([]byte(bearer), []byte(c.Token)) != 1:
		return http.StatusUnauthorized, "a command needs the token of this node"
	case c.Token != "":
		return 0, ""
	case !c.Loopback:
		return http.StatusForbidden, "this listener is not on loopback and has no token: it takes no commands"
	case !loopbackHost(r.Host):
		return http.StatusForbidden, "a command without a token must name this host by a loopback address"
	}
	return 0, ""
}

// loopbackHost keeps away pages whose name was made to resolve to loopback.
func loopbackHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// refuse answers what a runtime refused.
func refuse(w http.ResponseWriter, err error) {
	status := http.StatusServiceUnavailable
	switch {
	case errors.Is(err, actors.ErrNotWatched), errors.Is(err, registry.ErrNotFound):
		status = http.StatusNotFound
	case errors.Is(err, registry.ErrRefused):
		status = http.StatusConflict
	}
	fail(w, status, err.Error())
}

// fail answers with one line.
func fail(w http.ResponseWriter, status int, line string) {
	answer(w, status, map[string]string{"error": strings.Join(strings.FieldsFunc(line, func(c rune) bool { return c == '\n' || c == '\r' }), "; ")})
}
