package study

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// WriteCSV writes the series and the flags of each act, and the table, as files of
// their own into a folder, which is made when it is not there.
func (r Report) WriteCSV(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for i, a := range r.Acts {
		name := fmt.Sprintf("%d-%s", i+1, a.Info.Name)
		if err := write(filepath.Join(folder, name+"-series.csv"), a.rows()); err != nil {
			return err
		}
		flags := [][]string{{"t_ms", "from_cut_ms", "kind", "text"}}
		for _, f := range a.Series.Flags {
			flags = append(flags, []string{number(f.T), number(f.T - a.origin()), string(f.Kind), f.Text})
		}
		if err := write(filepath.Join(folder, name+"-flags.csv"), flags); err != nil {
			return err
		}
	}
	if r.Result == nil {
		return nil
	}
	table := [][]string{append([]string{"figure"}, r.Result.Columns...)}
	for _, row := range r.Result.Rows {
		if len(row) > 1 {
			table = append(table, row)
		}
	}
	return write(filepath.Join(folder, "result.csv"), table)
}

func (a Act) rows() [][]string {
	s := a.Series
	rows := [][]string{{"t_ms", "from_cut_ms", "sessions", "capacity", "attempts_per_s", "throttle_per_s"}}
	for i, t := range s.T {
		throttle := ""
		if s.Throttle[i] != nil {
			throttle = decimal(*s.Throttle[i])
		}
		rows = append(rows, []string{
			number(t), number(t - a.origin()), strconv.Itoa(s.Sessions[i]), strconv.Itoa(s.Capacity[i]), decimal(s.Offered[i]), throttle,
		})
	}
	return rows
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func decimal(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func write(path string, rows [][]string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	err = csv.NewWriter(file).WriteAll(rows)
	if failed := file.Close(); err == nil {
		err = failed
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
