package study_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/page"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/study"
)

// played is the report of the recording that package page keeps.
func played(t *testing.T) study.Report {
	t.Helper()
	file, err := os.Open("../page/testdata/run.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	player, err := page.OpenRecording(file)
	if err != nil {
		t.Fatal(err)
	}
	feed := page.NewFeed(player.Run(), nil)
	if err := player.Play(t.Context(), feed, 1000); err != nil {
		t.Fatal(err)
	}
	return study.Of(feed)
}

func TestReportNeedsNothingElse(t *testing.T) {
	r := played(t)
	r.Acts[0].Series.Flags[0].Text = `<script>alert(1)</script>`
	var out bytes.Buffer
	if err := r.WriteHTML(&out); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, want := range []string{
		"<!doctype html>", "</html>", "seed 1", "A run that never was.", "&lt;script&gt;alert(1)", "chat nodes of profile",
		"Connected sessions, as a table", "over: 1403 sessions were lost", "<dt>users</dt><dd>2000</dd>", "cut of the write",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("report: got no %q, want it", want)
		}
	}
	if got := strings.Count(text, `<svg role="img"`); got != 4 {
		t.Errorf("plots: got %d, want 4", got)
	}
	for _, bad := range []string{"<script", "javascript:", "<link", "@import", "<img", "src=", "url(", " onerror="} {
		if strings.Contains(text, bad) {
			t.Errorf("report: got %q in it, want nothing that runs or is fetched", bad)
		}
	}
	if strings.Count(text, "http://") != strings.Count(text, "http://www.w3.org/") || strings.Contains(text, "https://") {
		t.Error("report: got an address in it, want only the names of SVG")
	}
	if path := os.Getenv("FIREBREAK_REPORT_OUT"); path != "" { // to look at it
		if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReportOfNothingIsRefused(t *testing.T) {
	if err := (study.Report{}).WriteHTML(&bytes.Buffer{}); err == nil {
		t.Error("no act: got no error, want one")
	}
	empty := study.Report{Acts: []study.Act{{Info: page.Act{Label: "naive"}}}}
	if err := empty.WriteHTML(&bytes.Buffer{}); err != nil {
		t.Errorf("act without a frame: got %v, want an empty report", err)
	}
}

func TestSeriesAsCSV(t *testing.T) {
	r, folder := played(t), filepath.Join(t.TempDir(), "new", "folder")
	if err := r.WriteCSV(folder); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		first string
		lines int
	}{
		"1-naive-series.csv":    {"t_ms,from_cut_ms,sessions,capacity,attempts_per_s,throttle_per_s", 152},
		"2-isolated-series.csv": {"t_ms,from_cut_ms,sessions,capacity,attempts_per_s,throttle_per_s", 152},
		"1-naive-flags.csv":     {"t_ms,from_cut_ms,kind,text", 7},
		"result.csv":            {"figure,naive,isolated", 3},
	} {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Error(err)
			continue
		}
		rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
		if err != nil || len(rows) != row.lines || strings.Join(rows[0], ",") != row.first {
			t.Errorf("%s: got %d lines, %v, first %v, want %d with %s", name, len(rows), err, rows[0], row.lines, row.first)
		}
	}
}
