package statuspage

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the template and its style
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident"
)

// fresh is how old what is served may be before it is rendered again.
const fresh = time.Second

//go:embed page.html
var markup string

//go:embed style.css
var style string

// Source is whose status is shown. Its methods are called from many goroutines, and
// must not block.
type Source interface {
	View() incident.View
	Incidents() []incident.Incident
}

// Page serves the status.
type Page struct {
	source   Source
	template *template.Template
	policy   string

	mu     sync.Mutex // held by whoever renders
	newest atomic.Pointer[rendered]
}

// rendered is one view, as it is served.
type rendered struct {
	at         time.Time
	html, json []byte
	tag        string
}

// New makes a page; it renders nothing yet.
func New(source Source) (*Page, error) {
	t, err := template.New("status").Funcs(template.FuncMap{
		"stamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"clock": func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05") + " UTC" },
	}).Parse(markup)
	if err != nil {
		return nil, fmt.Errorf("status page: %w", err)
	}
	sum := sha256.Sum256([]byte(style))
	return &Page{
		source: source, template: t,
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
	}, nil
}

// ServeHTTP answers GET and HEAD.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", p.policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "the status page is only read", http.StatusMethodNotAllowed)
		return
	}
	id, isIncident := strings.CutPrefix(r.URL.Path, "/incidents/")
	switch {
	case r.URL.Path == "/status":
		p.serve(w, r, "text/html; charset=utf-8", func(n *rendered) []byte { return n.html })
	case r.URL.Path == "/status.json":
		p.serve(w, r, "application/json", func(n *rendered) []byte { return n.json })
	case isIncident:
		p.incident(w, strings.TrimSuffix(id, ".json"))
	default:
		http.NotFound(w, r)
	}
}

func (p *Page) serve(w http.ResponseWriter, r *http.Request, kind string, part func(*rendered) []byte) {
	n, err := p.current(time.Now())
	if err != nil {
		http.Error(w, "the status page cannot be rendered", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "public, max-age=1")
	h.Set("ETag", n.tag)
	if r.Header.Get("If-None-Match") == n.tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := part(n)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

// current returns what is in memory, and renders when that is old and nobody else
// does.
func (p *Page) current(now time.Time) (*rendered, error) {
	n := p.newest.Load()
	if n != nil && now.Sub(n.at) < fresh {
		return n, nil
	}
	if n == nil {
		p.mu.Lock() // the first ones wait
	} else if !p.mu.TryLock() {
		return n, nil
	}
	defer p.mu.Unlock()
	if n = p.newest.Load(); n != nil && now.Sub(n.at) < fresh {
		return n, nil
	}
	n, err := p.render(now)
	if err == nil {
		p.newest.Store(n)
	}
	return n, err
}

func (p *Page) render(now time.Time) (*rendered, error) {
	v := p.source.View()
	var html bytes.Buffer
	if err := p.template.Execute(&html, struct {
		content
		Style template.CSS
	}{newContent(v), template.CSS(style)}); err != nil { //nolint:gosec // our own file
		return nil, fmt.Errorf("status page: %w", err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("status page: %w", err)
	}
	sum := sha256.Sum256(text)
	return &rendered{at: now, html: html.Bytes(), json: append(text, '\n'), tag: fmt.Sprintf(`"%x"`, sum[:8])}, nil
}

// incident answers one incident that is kept, also one that the page shows no more.
func (p *Page) incident(w http.ResponseWriter, id string) {
	w.Header().Set("Content-Type", "application/json")
	n, err := strconv.ParseUint(id, 10, 64)
	if err == nil {
		for _, i := range p.source.Incidents() {
			if i.ID == n {
				_ = json.NewEncoder(w).Encode(i)
				return
			}
		}
	}
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte(`{"error":"no such incident is kept"}` + "\n"))
}
