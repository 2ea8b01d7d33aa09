package study

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/page"
)

// The size of a plot.
const (
	plotWidth  = 24 * vg.Centimeter
	plotHeight = 8 * vg.Centimeter
)

// hue is a colour of the palette of Okabe and Ito, which colour-blind people can
// tell apart; lines differ by their dashes too.
func hue(i int) color.RGBA {
	colours := []color.RGBA{
		{0x00, 0x72, 0xb2, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x9e, 0x73, 0xff}, {0xcc, 0x79, 0xa7, 0xff},
	}
	return colours[i%len(colours)]
}

func dashes(i int) []vg.Length {
	all := [][]vg.Length{nil, {vg.Points(6), vg.Points(3)}, {vg.Points(2), vg.Points(2)}, {vg.Points(8), vg.Points(2), vg.Points(2), vg.Points(2)}}
	return all[i%len(all)]
}

// figures are the plots: the acts on one axis, then each for itself.
func (r Report) figures() ([]figure, error) {
	all := []struct {
		title, caption, unit string
		value                func(page.Series, int) (float64, bool)
	}{
		{
			"Connected sessions", "Connected sessions of " + r.labels() + ", laid on one another at the cut of the write.", "sessions",
			func(s page.Series, i int) (float64, bool) { return float64(s.Sessions[i]), true },
		},
		{
			"Attempts to connect", "Attempts to connect a second: the load that users put on the gateways.", "attempts a second",
			func(s page.Series, i int) (float64, bool) { return s.Offered[i], true },
		},
	}
	var figures []figure
	for _, f := range all {
		p := newPlot(f.unit)
		for i, a := range r.Acts {
			if err := addLine(p, a.points(f.value), a.Info.Label, i); err != nil {
				return nil, err
			}
		}
		head, rows := r.twin(func(s page.Series, i int) string {
			v, _ := f.value(s, i)
			return strconv.FormatFloat(v, 'f', -1, 64)
		})
		drawn, err := render(p, f.title)
		if err != nil {
			return nil, err
		}
		figures = append(figures, figure{Title: f.title, Caption: f.caption, Plot: drawn, Head: head, Rows: rows})
	}
	for _, a := range r.Acts {
		f, err := r.band(a)
		if err != nil {
			return nil, err
		}
		figures = append(figures, f)
	}
	return figures, nil
}

// band is one act: sessions and capacity, the trigger shaded, a line for each flag.
func (r Report) band(a Act) (figure, error) {
	p := newPlot("sessions")
	sessions := func(s page.Series, i int) (float64, bool) { return float64(s.Sessions[i]), true }
	capacity := func(s page.Series, i int) (float64, bool) { return float64(s.Capacity[i]), true }
	p.Add(flags{a})
	for i, line := range []struct {
		name  string
		value func(page.Series, int) (float64, bool)
	}{{"connected sessions", sessions}, {"capacity of the nodes that serve", capacity}} {
		if err := addLine(p, a.points(line.value), line.name, i); err != nil {
			return figure{}, err
		}
	}
	title := "The act " + a.Info.Label
	drawn, err := render(p, title)
	if err != nil {
		return figure{}, err
	}
	only := Report{Acts: []Act{a}}
	_, rows := only.twin(func(s page.Series, i int) string { return fmt.Sprintf("%d of %d", s.Sessions[i], s.Capacity[i]) })
	return figure{
		Title: title, Plot: drawn, Head: []string{"time from the cut", "sessions of capacity"}, Rows: rows,
		Caption: "Shaded: while etcd served a bad record. Vertical lines: what is in the timeline below.",
	}, nil
}

// points are an act's values over seconds from its origin.
func (a Act) points(value func(page.Series, int) (float64, bool)) plotter.XYs {
	var xys plotter.XYs
	for i, t := range a.Series.T {
		if v, ok := value(a.Series, i); ok {
			xys = append(xys, plotter.XY{X: float64(t-a.origin()) / 1000, Y: v})
		}
	}
	return xys
}

func newPlot(unit string) *plot.Plot {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = "seconds from the cut", unit
	p.Y.Min = 0
	p.X.Tick.Marker, p.Y.Tick.Marker = plainTicks{}, plainTicks{}
	p.Legend.Top, p.Legend.Padding = true, vg.Points(2)
	for _, style := range []*text.Style{&p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle} {
		style.Font = font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(10)}
	}
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = color.Gray{Y: 0xe6}, color.Gray{Y: 0xe6}
	p.Add(grid)
	return p
}

// plainTicks are gonum's, with numbers as people write them.
type plainTicks struct{ plot.DefaultTicks }

// Ticks implements [plot.Ticker].
func (t plainTicks) Ticks(least, most float64) []plot.Tick {
	all := t.DefaultTicks.Ticks(least, most)
	for i, tick := range all {
		if tick.Label != "" {
			all[i].Label = strconv.FormatFloat(tick.Value, 'f', -1, 64)
		}
	}
	return all
}

func addLine(p *plot.Plot, xys plotter.XYs, name string, i int) error {
	if len(xys) == 0 {
		return nil
	}
	line, err := plotter.NewLine(xys)
	if err != nil {
		return fmt.Errorf("study: plot of %s: %w", name, err)
	}
	line.Color, line.Width, line.Dashes = hue(i), vg.Points(1.75), dashes(i)
	p.Add(line)
	p.Legend.Add(name, line)
	return nil
}

// flags draws an act's trigger as a band and its flags as lines.
type flags struct{ act Act }

// Plot implements [plot.Plotter].
func (f flags) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	at := func(t int64) vg.Length { return x(float64(t-f.act.origin()) / 1000) }
	inside := func(v vg.Length) vg.Length { return max(c.Min.X, min(c.Max.X, v)) }
	var began *int64
	shade := func(from, to vg.Length) {
		c.FillPolygon(color.RGBA{0xfd, 0xf0, 0xd5, 0xff}, []vg.Point{
			{X: inside(from), Y: c.Min.Y}, {X: inside(to), Y: c.Min.Y}, {X: inside(to), Y: c.Max.Y}, {X: inside(from), Y: c.Max.Y},
		})
	}
	for _, flag := range f.act.Series.Flags {
		switch {
		case flag.Kind == page.FlagPoison && began == nil:
			began = &flag.T
		case flag.Kind == page.FlagHeal && began != nil:
			shade(at(*began), at(flag.T))
			began = nil
		}
	}
	if began != nil {
		shade(at(*began), c.Max.X)
	}
	for _, flag := range f.act.Series.Flags {
		if v := at(flag.T); v == inside(v) {
			c.StrokeLine2(draw.LineStyle{Color: color.Gray{Y: 0x70}, Width: vg.Points(0.75), Dashes: dashes(2)}, v, c.Min.Y, v, c.Max.Y)
		}
	}
}

// render draws a plot as an SVG element, named for those who do not see it.
func render(p *plot.Plot, title string) (template.HTML, error) {
	p.Y.Max = max(1, 1.25*p.Y.Max) // room for the legend
	canvas := vgsvg.New(plotWidth, plotHeight)
	p.Draw(draw.New(canvas))
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return "", fmt.Errorf("study: plot %s: %w", title, err)
	}
	_, element, found := bytes.Cut(out.Bytes(), []byte("<svg "))
	if !found {
		return "", fmt.Errorf("study: plot %s: the drawing is no SVG", title)
	}
	named := `<svg role="img" aria-label="` + template.HTMLEscapeString(title) + `" ` + string(element)
	return template.HTML(named), nil //nolint:gosec // drawn by us; texts in it are escaped by vgsvg
}
