package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// asset is one file of the page, compressed once.
type asset struct {
	plain, zipped []byte
	tag, kind     string
}

// files are the page's own, read once: there are few, and they are small.
type files map[string]asset

func newFiles(from fs.FS) files {
	all := make(files)
	// An embedded file can be read; a folder that cannot be is an empty page, which tests see.
	_ = fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		all[name] = newAsset(name, data)
		return nil
	})
	return all
}

func newAsset(name string, data []byte) asset {
	var zipped bytes.Buffer
	z, _ := gzip.NewWriterLevel(&zipped, gzip.BestCompression) // the level is one of its own
	_, _ = z.Write(data)                                       // a buffer takes everything
	_ = z.Close()
	sum := sha256.Sum256(data)
	return asset{plain: data, zipped: zipped.Bytes(), tag: `"` + hex.EncodeToString(sum[:8]) + `"`, kind: kindOf(name)}
}

// kindOf names the type of a file: the system's table may be wrong or missing.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// serve answers with a file; readers keep it, and ask each time whether it is still the one.
func (f files) serve(w http.ResponseWriter, r *http.Request, name string) {
	a, there := f[name]
	if !there {
		refuse(w, http.StatusNotFound, "there is no such file")
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Encoding")
	body := a.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		h.Set("ETag", strings.TrimSuffix(a.tag, `"`)+`-z"`)
		body = a.zipped
	} else {
		h.Set("ETag", a.tag)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}
