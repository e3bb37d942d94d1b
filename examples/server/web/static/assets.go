// Package static holds the files that the pages load, and the icons that they draw.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

//go:embed *.css *.js *.svg
var files embed.FS

// asset is one file.
type asset struct {
	content, compressed []byte
	contentType         string
	// version is a part of its hash.
	version string
}

// Assets are the files by their names.
type Assets map[string]asset

// ReadAssets returns the files, which are part of the program. It panics when they
// cannot be read.
func ReadAssets() Assets {
	types := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err)
	}
	all := Assets{}
	for _, entry := range entries {
		content, err := files.ReadFile(entry.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(content)
		all[entry.Name()] = asset{
			content: content, compressed: compressed(content),
			contentType: types[path.Ext(entry.Name())], version: hex.EncodeToString(sum[:6]),
		}
	}
	return all
}

// compressed panics when content cannot be compressed: a buffer takes all.
func compressed(content []byte) []byte {
	var buf bytes.Buffer
	w, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		panic(err)
	}
	if _, err := w.Write(content); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

// Path is the address of a file. It changes with the file, so that browsers can
// cache it.
func (a Assets) Path(name string) string { return "/static/" + name + "?v=" + a[name].version }

// ServeHTTP serves the file with the name in the path value "name".
func (a Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, ok := a[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	keep := "no-cache"
	if r.URL.Query().Get("v") == file.version {
		keep = "public, max-age=31536000, immutable"
	}
	w.Header().Set("Cache-Control", keep)
	w.Header().Set("Content-Type", file.contentType)
	w.Header().Set("Vary", "Accept-Encoding")
	content, tag := file.content, file.version
	if acceptsGzip(r) {
		w.Header().Set("Content-Encoding", "gzip")
		content, tag = file.compressed, file.version+"-gzip"
	}
	w.Header().Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// acceptsGzip reports whether the client takes gzip (RFC 9110, 12.5.3). A weight of
// zero refuses it.
func acceptsGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(coding, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
			return err != nil || q > 0
		}
	}
	return false
}
