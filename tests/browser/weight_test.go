package browser

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// weightLimit is what the page and its scripts may weigh compressed, in bytes.
const weightLimit = 80_000

// TestWeight: the page is small, and holds nothing that could make an element
// out of a text, or that is not its own. It needs no browser.
func TestWeight(t *testing.T) {
	entries, err := os.ReadDir(filepath.FromSlash(assets))
	if err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(filepath.Join(filepath.FromSlash(assets), "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(filepath.FromSlash(assets), entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		_, _ = z.Write(text) // a buffer takes everything
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		total += zipped.Len()
		for _, found := range unwanted.FindAllString(string(text), -1) {
			t.Errorf("%s: got %q, want text nodes, own files and no code in strings", entry.Name(), found)
		}
		// Modules that import each other would come one after the other.
		if strings.HasSuffix(entry.Name(), ".js") && !strings.Contains(string(first), `="/assets/`+entry.Name()+`"`) {
			t.Errorf("index.html: does not name %s, want every module asked for at once", entry.Name())
		}
		if lines := strings.Count(string(text), "\n"); lines > 300 {
			t.Errorf("%s: got %d lines, want at most 300", entry.Name(), lines)
		}
	}
	t.Logf("page and scripts are %d bytes compressed, in %d files", total, len(entries))
	if total > weightLimit || total == 0 {
		t.Errorf("weight: got %d bytes compressed, want at most %d", total, weightLimit)
	}
}

var unwanted = regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|https?://[^w]|<[^>]+ (style|on[a-z]+)=`)
