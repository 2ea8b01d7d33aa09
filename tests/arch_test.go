package tests

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// maxLines is the hard limit of a file that people write.
const maxLines = 400

// root is the module's root, seen from this folder.
const root = ".."

// source is one Go file of the module.
type source struct {
	path      string // from the module's root, with slashes
	folder    string
	test      bool
	generated bool
	lines     int
	file      *ast.File
	positions *token.FileSet
}

// sources parses every Go file of the module. Reading them here is also what
// tells the test cache that a result depends on them.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata"):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go"):
			return nil
		}
		s, err := parse(path)
		all = append(all, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatalf("Go files under %s: got none, want the module's", root)
	}
	return all
}

func parse(path string) (source, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return source{}, err
	}
	positions := token.NewFileSet()
	file, err := parser.ParseFile(positions, path, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return source{}, err
	}
	inside, err := filepath.Rel(root, path)
	if err != nil {
		return source{}, err
	}
	inside = filepath.ToSlash(inside)
	return source{
		path: inside, folder: pathFolder(inside), test: strings.HasSuffix(path, "_test.go"),
		generated: ast.IsGenerated(file), lines: strings.Count(string(text), "\n"),
		file: file, positions: positions,
	}, nil
}

func pathFolder(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i]
	}
	return "."
}

// pure says whether a folder holds only decisions: they must also run with ten
// thousand nodes on virtual time.
func pure(folder string) bool {
	return folder == "supervision" || strings.HasPrefix(folder, "supervision/") ||
		slices.Contains([]string{
			"registry", "registry/pick", "registry/ring", "cmd/chatnode/internal/gateway/protocol", "cmd/chatnode/internal/work/desk",
			"cmd/chatnode/internal/incident", "cmd/chatnode/internal/guild/replica",
		}, folder)
}

// pureFile says the same of a file beside others that act.
func pureFile(path string) bool {
	const page = "cmd/chatnode/internal/page/"
	return strings.HasPrefix(path, page+"fold") ||
		slices.Contains([]string{page + "verdict.go", page + "summary.go", page + "frame.go", page + "observation.go"}, path)
}

func TestPurePackagesOnlyDecide(t *testing.T) {
	seen := 0
	for _, s := range sources(t) {
		if s.test || !pure(s.folder) && !pureFile(s.path) {
			continue
		}
		seen++
		for _, impurity := range impurities(s.file) {
			t.Errorf("%s:%d: got %s in a pure package, want a decision: (state, event, now) to actions",
				s.path, s.positions.Position(impurity.at).Line, impurity.what)
		}
	}
	if seen == 0 {
		t.Error("files of pure packages: got none, want supervision's and registry's")
	}
}

// impurity is one thing that a pure package must not hold.
type impurity struct {
	what string
	at   token.Pos
}

// forbidden are the names of the standard library that start something, wait,
// lock, or read a clock; "" stands for the whole package.
func forbidden(path string) []string {
	switch path {
	case "sync", "sync/atomic", "runtime", "log", "log/slog", "os", "net", "net/http", "io/fs", "math/rand", "math/rand/v2", "crypto/rand":
		return []string{""}
	case "time":
		return []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
	case "context":
		return []string{"AfterFunc", "WithTimeout", "WithDeadline", "WithCancel", "Background", "TODO"}
	}
	return nil
}

func impurities(file *ast.File) []impurity {
	var found []impurity
	add := func(what string, at token.Pos) { found = append(found, impurity{what, at}) }
	names := make(map[string][]string) // what is forbidden under an import's name
	for _, spec := range file.Imports {
		path, _ := strconv.Unquote(spec.Path.Value) // the parser has accepted it
		names[importName(spec, path)] = forbidden(path)
		if slices.Contains(forbidden(path), "") {
			add("import of "+path, spec.Pos())
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.GoStmt:
			add("a goroutine", n.Pos())
		case *ast.ChanType:
			add("a channel", n.Pos())
		case *ast.SendStmt:
			add("a send", n.Pos())
		case *ast.SelectStmt:
			add("a select", n.Pos())
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				add("a receive", n.Pos())
			}
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && slices.Contains(names[x.Name], n.Sel.Name) {
				add(x.Name+"."+n.Sel.Name, n.Pos())
			}
		}
		return true
	})
	return found
}

func importName(spec *ast.ImportSpec, path string) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	return path[strings.LastIndexByte(path, '/')+1:]
}

// TestImpuritiesAreFound guards the guard: each of these must be seen.
func TestImpuritiesAreFound(t *testing.T) {
	for _, row := range []struct{ name, code, want string }{
		{"goroutine", `func f() { go f() }`, "a goroutine"},
		{"channel", `type t struct { c chan int }`, "a channel"},
		{"receive", `func f() { <-c }`, "a receive"},
		{"send", `func f() { c <- 1 }`, "a send"},
		{"select", `func f() { select {} }`, "a select"},
		{"clock", `import "time"; func f() { time.Now() }`, "time.Now"},
		{"renamed clock", `import clock "time"; var f = clock.Since`, "clock.Since"},
		{"lock", `import "sync"; type t struct { mu sync.Mutex }`, "import of sync"},
		{"atomic", `import "sync/atomic"; type t struct { n atomic.Int64 }`, "import of sync/atomic"},
		{"deadline", `import "context"; var f = context.WithTimeout`, "context.WithTimeout"},
		{"nothing", `import ("context"; "time"); type t interface { f(context.Context) time.Duration }`, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x; "+row.code, 0)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, i := range impurities(file) {
				got = i.what
			}
			if got != row.want {
				t.Errorf("impurity: got %q, want %q", got, row.want)
			}
		})
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	documented := make(map[string]bool)
	all := sources(t)
	for _, s := range all {
		if strings.HasSuffix(s.path, "/doc.go") && s.file.Doc != nil {
			documented[s.folder] = true
		}
	}
	for _, s := range all {
		if !documented[s.folder] {
			documented[s.folder] = true // one line a folder
			t.Errorf("%s: got no doc.go with a package comment, want one", s.folder)
		}
	}
}

func TestFilesStayReadable(t *testing.T) {
	for _, s := range sources(t) {
		if s.lines > maxLines && !s.generated {
			t.Errorf("%s: got %d lines, want at most %d", s.path, s.lines, maxLines)
		}
	}
}
