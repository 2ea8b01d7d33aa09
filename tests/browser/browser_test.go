package browser

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

var (
	shots = flag.String("shots", "", "write the pictures of the documents to this `folder`")
	odd   = flag.String("odd", "", "write pictures of odd runs to this `folder`")
)

// chromium is the browser's program. A test that needs it skips where there is none.
func chromium(tb testing.TB) string {
	tb.Helper()
	names := []string{os.Getenv("FIREBREAK_BROWSER_PATH"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}
	for _, name := range names {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	if os.Getenv("FIREBREAK_BROWSER") == "required" {
		tb.Fatal("browser: got none, want Chromium in the path or in FIREBREAK_BROWSER_PATH")
	}
	tb.Skip("no browser is installed: Chromium in the path, or FIREBREAK_BROWSER_PATH, runs this")
	return ""
}

// tab is one page of the headless browser, and what went wrong in it.
type tab struct {
	ctx context.Context

	mu       sync.Mutex
	problems []string // errors of the console, exceptions, what the browser refused
	requests []string // addresses that were asked for
	snapshot strings.Builder
}

// shared is the one browser of all tests: starting one takes longer than most of them.
var shared struct {
	once sync.Once
	ctx  context.Context
	stop func()
	err  error
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if shared.stop != nil {
		shared.stop()
	}
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// browser starts the browser when the first test asks for it.
func browser(tb testing.TB) context.Context {
	tb.Helper()
	path := chromium(tb)
	shared.once.Do(func() {
		options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path),
			chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("js-flags", "--expose-gc"))
		allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, cancel := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}))
		shared.stop = func() { cancel(); cancelAllocator() }
		shared.err = chromedp.Do(ctx)
		shared.ctx = ctx //nolint:fatcontext // one context for all tests, set once
	})
	if shared.err != nil {
		tb.Fatalf("browser %s: got %v, want it to start", path, shared.err)
	}
	return shared.ctx
}

// open opens an empty page of its own profile, of a size, light or dark.
func open(tb testing.TB, width, height int64, scheme string) *tab {
	tb.Helper()
	b := &tab{}
	ctx, cancel := chromedp.NewContext(browser(tb), chromedp.WithListener(b.hear), chromedp.WithNewBrowserContext())
	tb.Cleanup(cancel)
	b.ctx = ctx
	b.do(tb, chromedp.EmulateViewport(width, height))
	ask(tb, b, network.Enable, network.EnableParams{})
	b.media(tb, "prefers-color-scheme", scheme)
	return b
}

// media sets what the user prefers.
func (b *tab) media(tb testing.TB, name, value string) {
	tb.Helper()
	ask(tb, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: name, Value: value}}})
}

func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" {
			var words []string
			for _, argument := range e.Args {
				words = append(words, string(argument.Value)+argument.Description)
			}
			b.problems = append(b.problems, "console: "+strings.Join(words, " "))
		}
	case *runtime.EventExceptionThrown:
		b.problems = append(b.problems, fmt.Sprintf("exception: %s %+v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
	case *log.EventEntryAdded:
		if e.Entry.Level == "error" || e.Entry.Level == "warning" {
			b.problems = append(b.problems, "log: "+e.Entry.Text+" "+e.Entry.URL)
		}
	case *heapprofiler.EventAddHeapSnapshotChunk:
		b.snapshot.WriteString(e.Chunk)
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	}
}

// do runs actions, and fails the test with the first that does not succeed.
func (b *tab) do(tb testing.TB, actions ...chromedp.Action[chromedp.Void]) {
	tb.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		tb.Fatalf("browser: got %v (the page said %q), want no error", err, b.problems)
	}
}

// resize gives the window another size, and waits until it is drawn.
func (b *tab) resize(tb testing.TB, width, height int64) {
	tb.Helper()
	b.do(tb, chromedp.EmulateViewport(width, height))
	eval[bool](tb, b, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(true), 50))))`)
}

// before runs a script in every page that is opened from now on, before its own.
func (b *tab) before(tb testing.TB, script string) {
	tb.Helper()
	ask(tb, b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
}

// visit opens an address and waits until the first frame is drawn.
func (b *tab) visit(tb testing.TB, address string) {
	tb.Helper()
	b.do(tb, chromedp.Navigate(address))
	b.until(tb, `document.documentElement.dataset.painted === "true"`)
}

// until waits, in the page, for an expression to be true.
func (b *tab) until(tb testing.TB, expression string) {
	tb.Helper()
	if !eval[bool](tb, b, `new Promise((done) => {
		const end = performance.now() + 20000;
		const look = () => {
			if (`+expression+`) done(true);
			else if (performance.now() > end) done(false);
			else setTimeout(look, 10);
		};
		look();
	})`) {
		tb.Fatalf("page: waited 20 s in vain for %s; it shows %.600q", expression, eval[string](tb, b, `document.body.innerText.replace(/\s+/g, " ")`))
	}
}

// eval is the value of an expression; a promise is waited for.
func eval[T any](tb testing.TB, b *tab, expression string) T {
	tb.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		tb.Fatalf("%s: got %v (the page said %q), want a value", expression, err, b.problems)
	}
	return value
}

// ask sends one command of the browser's protocol.
func ask[P, R any](tb testing.TB, b *tab, command cdp.Command[P, R], params P) R {
	tb.Helper()
	result, err := chromedp.Call(b.ctx, command, params)
	if err != nil {
		tb.Fatalf("%s: got %v, want no error", command.Method, err)
	}
	return result
}

// clean fails the test when something went wrong in the page, or when it asked
// for anything that is not on its own host.
func (b *tab) clean(tb testing.TB, address string) {
	tb.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, problem := range b.problems {
		tb.Errorf("page: got %s, want a quiet console", problem)
	}
	for _, request := range b.requests {
		if !strings.HasPrefix(request, address+"/") && !strings.HasPrefix(request, "data:") && request != "about:blank" {
			tb.Errorf("page: asked for %s, want nothing that leaves %s", request, address)
		}
	}
}
