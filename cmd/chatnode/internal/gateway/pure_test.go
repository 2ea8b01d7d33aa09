package gateway

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"
)

// The machine's files hold decisions: nothing in them reads a clock, waits, locks or talks to anyone.
func TestMachineIsPure(t *testing.T) {
	t.Parallel()
	allowed := []string{
		"errors", "fmt", "strconv", "strings", "time",
		"github.com/go-json-experiment/json", "github.com/go-json-experiment/json/jsontext",
	}
	clocks := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
	for _, name := range []string{"messages.go", "opcode.go", "payload.go", "session.go"} {
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, nil, 0)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, imported := range file.Imports {
			if path, err := strconv.Unquote(imported.Path.Value); err != nil || !slices.Contains(allowed, path) {
				t.Errorf("%s imports %s: want one of %v", name, imported.Path.Value, allowed)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt, *ast.SelectStmt, *ast.ChanType, *ast.SendStmt:
				t.Errorf("%s: got %T, want no concurrency", files.Position(n.Pos()), n)
			case *ast.SelectorExpr:
				if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "time" && slices.Contains(clocks, n.Sel.Name) {
					t.Errorf("%s: got time.%s, want the time passed in", files.Position(n.Pos()), n.Sel.Name)
				}
			}
			return true
		})
	}
}
