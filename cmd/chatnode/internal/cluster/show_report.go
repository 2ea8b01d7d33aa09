package cluster

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/study"
)

// report writes what the acts have shown so far.
func (s *show) report() error {
	r := study.Of(s.feed)
	if path := s.cfg.Page.ReportFile; path != "" {
		if err := WriteReport(path, r); err != nil {
			return err
		}
	}
	if folder := s.cfg.Page.CSVDir; folder != "" {
		if err := r.WriteCSV(folder); err != nil {
			return fmt.Errorf("raw series: %w", err)
		}
	}
	return nil
}

// WriteReport replaces the file at path by the report: a reader sees the old one or
// the new one, never a part.
func WriteReport(path string, r study.Report) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	err = r.WriteHTML(f)
	if failed := f.Close(); err == nil {
		err = failed
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write the report %s: %w", path, err)
	}
	return nil
}
