package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// conformanceRows is the length of the list in docs/SUPERVISION.md.
const conformanceRows = 118

// TestEvidence: every row of docs/SUPERVISION.md names evidence, and what it names exists.
func TestEvidence(t *testing.T) {
	page, err := os.ReadFile("../../docs/SUPERVISION.md")
	if err != nil {
		t.Fatal(err)
	}
	var code []byte
	sources, _ := filepath.Glob("../../supervision/*_test.go")
	shell, _ := filepath.Glob("../../actors/*_test.go")
	for _, file := range append(sources, shell...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		code = append(code, text...)
	}
	rows := regexp.MustCompile(`(?m)^\| (\d+) \| ([^|]+) \| ([^|]+) \|$`).FindAllStringSubmatch(string(page), -1)
	if len(rows) != conformanceRows {
		t.Fatalf("rows: got %d, want %d", len(rows), conformanceRows)
	}
	cited := regexp.MustCompile("\\b(c\\d{3}|ex\\d_\\w+)\\b|`(\\w+\\.txt)`|\\b((?:Test|Fuzz|Benchmark)[A-Z]\\w*)\\b")
	for i, row := range rows {
		if row[1] != strconv.Itoa(i+1) {
			t.Fatalf("row %d: got number %s", i+1, row[1])
		}
		all := cited.FindAllStringSubmatch(row[3], -1)
		if len(all) == 0 && !strings.Contains(row[3], "not in Go, because") {
			t.Errorf("row %s: no evidence in %q", row[1], row[3])
		}
		for _, c := range all {
			if !exists(c[1], c[2], c[3], code) {
				t.Errorf("row %s: %s does not exist", row[1], c[0])
			}
		}
	}
}

func exists(scenario, script, function string, code []byte) bool {
	switch {
	case scenario != "":
		found, _ := filepath.Glob("testdata/conf/" + scenario + "*.trace")
		return len(found) == 1
	case script != "":
		_, err := os.Stat("../../supervision/testdata/" + script)
		return err == nil
	}
	return bytes.Contains(code, []byte("func "+function+"("))
}
