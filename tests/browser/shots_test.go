package browser

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestShots plays a demo and writes the pictures that the documents show.
func TestShots(t *testing.T) {
	if *shots == "" {
		t.Skip("pictures are written with -shots FOLDER")
	}
	browser(t)
	address := demo(t, "--seed=7", "--poison=12s", "--target=existing", "--keep")
	b := open(t, 1440, 900, "light")
	b.before(t, noting)
	b.visit(t, address)
	b.patient(t, 3*time.Minute, `shown.includes("naive: cascading")`)
	eval[bool](t, b, `new Promise((done) => setTimeout(() => done(true), 6000))`)
	b.shoot(t, "cascade")
	b.patient(t, 3*time.Minute, `shown.includes("isolated: poisoned") && document.querySelector("#keys .bad a")`)
	eval[bool](t, b, `document.querySelector("#keys .bad a").click(), true`)
	b.until(t, `document.querySelector("#sheet .history li")`)
	b.shoot(t, "key")
	eval[bool](t, b, `location.hash = "#node/node-3", true`)
	b.until(t, `document.querySelector("#sheet svg.tree")`)
	b.shoot(t, "node")
	eval[bool](t, b, `document.getElementById("sheet").close(), true`)
	b.patient(t, 3*time.Minute, healed)
	eval[bool](t, b, `new Promise((done) => setTimeout(() => done(true), 4000))`)
	b.shoot(t, "both-acts")
	eval[bool](t, b, `location.hash = "#result", true`)
	b.patient(t, time.Minute, `document.querySelector("#sheet table")?.rows[0].cells.length === 3`)
	b.shoot(t, "result")
	b.clean(t, address)
}

// shoot takes a picture, light and dark.
func (b *tab) shoot(t *testing.T, name string) {
	t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		b.media(t, "prefers-color-scheme", scheme)
		b.save(t, filepath.Join(*shots, name+"-"+scheme+".png"))
	}
}

// save writes what is to be seen, once what fades has faded.
func (b *tab) save(t *testing.T, path string) {
	t.Helper()
	settle(t, b)
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		picture, err = shrink(picture)
	}
	if err == nil {
		err = os.WriteFile(path, picture, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// shrink keeps 256 colours of a picture: a page has few.
func shrink(picture []byte) ([]byte, error) {
	from, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, err
	}
	often := map[color.RGBA]int{}
	bounds := from.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			often[colorAt(from, x, y)]++
		}
	}
	colors := slices.SortedFunc(maps.Keys(often), func(a, b color.RGBA) int {
		return cmp.Or(often[b]-often[a], cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	palette := choose(colors)
	to := image.NewPaletted(bounds, palette)
	known := map[color.RGBA]uint8{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := colorAt(from, x, y)
			index, ok := known[c]
			if !ok {
				index = uint8(palette.Index(c))
				known[c] = index
			}
			to.SetColorIndex(x, y, index)
		}
	}
	var small bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, to)
	return small.Bytes(), err
}

// choose takes the most frequent colours that are not almost one that is taken:
// a sign has few pixels, and a colour of its own.
func choose(colors []color.RGBA) color.Palette {
	var palette color.Palette
	for _, apart := range []int{24, 0} {
		for _, c := range colors {
			near := slices.ContainsFunc(palette, func(p color.Color) bool { return distance(p, c) <= apart })
			if !near && len(palette) < 256 {
				palette = append(palette, c)
			}
		}
	}
	return palette
}

func distance(p color.Color, c color.RGBA) int {
	r, g, b, _ := p.RGBA()
	d := 0
	for _, pair := range [][2]int{{int(r >> 8), int(c.R)}, {int(g >> 8), int(c.G)}, {int(b >> 8), int(c.B)}} {
		d += max(pair[0]-pair[1], pair[1]-pair[0])
	}
	return d
}

func colorAt(picture image.Image, x, y int) color.RGBA {
	r, g, b, a := picture.At(x, y).RGBA()
	return color.RGBA{R: uint8(r >> 8), G: uint8(g >> 8), B: uint8(b >> 8), A: uint8(a >> 8)}
}

// view is one picture of a made-up run: where it stands, and what is open.
type view struct {
	name   string
	act    int
	at     float64
	open   string // the part of the address after #
	before string // run in the page before the picture
}

// TestOddShots writes pictures of what is seldom seen, to be looked at by people.
func TestOddShots(t *testing.T) {
	if *odd == "" {
		t.Skip("pictures of odd runs are written with -odd FOLDER")
	}
	for name, w := range worlds() {
		for _, size := range [][2]int64{{1280, 800}, {1440, 900}, {1920, 1080}} {
			s := &stage{world: w, act: 1, from: 21_000}
			take(t, s, view{}, size[0], size[1], "light", filepath.Join(*odd, fmt.Sprintf("%s-%d.png", name, size[0])))
		}
	}
	for _, v := range []view{
		{name: "commands", act: 0, at: 20_000, before: `document.getElementById("act-now").click(), document.querySelectorAll(".commands button")[2].click(), true`},
		{name: "zoom", act: 1, at: 40_000, before: `document.querySelector("#band .surface").focus(), ["ArrowLeft", "ArrowLeft", "+", "+", "+"].forEach((key) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }))), true`},
		{name: "twin", act: 1, at: 40_000, before: `document.querySelectorAll("fb-plot button").forEach((b) => b.click()), true`},
		{name: "status", act: 1, at: 40_000, open: "status"},
		{name: "flags", act: 0, at: 40_000, open: "flags"},
		{name: "badkeys", act: 0, at: 20_000, open: "keys"},
		{name: "incident", act: 0, at: 27_000, open: "incident/1"},
	} {
		s := &stage{world: newWorld(6), act: v.act, from: v.at}
		take(t, s, v, 1440, 900, "dark", filepath.Join(*odd, v.name+".png"))
	}
}

// take makes one picture.
func take(t *testing.T, s *stage, v view, width, height int64, scheme, path string) {
	t.Helper()
	b := open(t, width, height, scheme)
	address := s.serve(t)
	b.visit(t, address+"/#"+v.open)
	b.until(t, `document.fonts.status === "loaded"`)
	if v.open != "" {
		b.until(t, `document.querySelector(".sheetbody")?.innerText.length > 12`)
	}
	if v.before != "" {
		eval[bool](t, b, v.before)
	}
	b.save(t, path)
	b.clean(t, address)
}
