package web

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAssets_thirdPartyFilesMatchChecksums(t *testing.T) {
	t.Parallel()
	row := regexp.MustCompile("(?m)^\\| `([a-z0-9./-]+)` \\|.*`([0-9a-f]{64})` \\|$")
	files := 0
	for _, folder := range []string{"static", "testdata"} {
		readme, err := os.ReadFile(folder + "/README.md")
		require.NoError(t, err)
		for _, listed := range row.FindAllStringSubmatch(string(readme), -1) {
			content, err := os.ReadFile(folder + "/" + listed[1])
			require.NoError(t, err)
			sum := sha256.Sum256(content)
			require.Equal(t, listed[2], hex.EncodeToString(sum[:]), listed[1])
			files++
		}
	}
	require.Equal(t, 13, files)
}

func TestAssets_ServeHTTP_cachesByVersion(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	files := readAssets()
	mux.Handle("GET /static/{name}", files)
	ask := func(path, tag string) *http.Response {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		request.Header.Set("If-None-Match", tag)
		recorder := httptest.NewRecorder()
		mux.ServeHTTP(recorder, request)
		return recorder.Result()
	}
	for name, contentType := range map[string]string{
		"app.css": "text/css; charset=utf-8", "htmx.min.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml",
	} {
		versioned := ask(files.path(name), "")
		require.Equal(t, http.StatusOK, versioned.StatusCode)
		require.Equal(t, contentType, versioned.Header.Get("Content-Type"))
		require.Contains(t, versioned.Header.Get("Cache-Control"), "immutable")
		require.Equal(t, "no-cache", ask("/static/"+name+"?v=old", "").Header.Get("Cache-Control"))
		require.Equal(t, http.StatusNotModified, ask("/static/"+name, versioned.Header.Get("ETag")).StatusCode)
	}
	for _, path := range []string{"/static/README.md", "/static/none.css", "/static/..%2fweb.go"} {
		require.Equal(t, http.StatusNotFound, ask(path, "").StatusCode, path)
	}
}

func TestAssets_ServeHTTP_compressesForClientsThatTakeIt(t *testing.T) {
	t.Parallel()
	files := readAssets()
	for accepts, compressed := range map[string]bool{
		"": false, "gzip, deflate, br": true, "br;q=1.0, GZIP;q=0.5": true, "gzip;q=0": false, "gzip;q=0.000, br": false, "deflate": false,
	} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/static/app.css", nil)
		request.SetPathValue("name", "app.css")
		request.Header.Set("Accept-Encoding", accepts)
		recorder := httptest.NewRecorder()
		files.ServeHTTP(recorder, request)
		require.Equal(t, "Accept-Encoding", recorder.Header().Get("Vary"))
		body := io.Reader(recorder.Body)
		if compressed {
			require.Equal(t, "gzip", recorder.Header().Get("Content-Encoding"), accepts)
			unpacked, err := gzip.NewReader(body)
			require.NoError(t, err)
			body = unpacked
		} else {
			require.Empty(t, recorder.Header().Get("Content-Encoding"), accepts)
		}
		content, err := io.ReadAll(body)
		require.NoError(t, err)
		require.Equal(t, files["app.css"].content, content, accepts)
	}
}

func TestAssets_areSmall(t *testing.T) {
	t.Parallel()
	files, total := readAssets(), 0
	for _, file := range files {
		total += len(file.compressed)
	}
	require.Less(t, total, 130_000)
	require.Less(t, len(files["app.css"].content), 10_000)
}

func TestIcons_svg_rejectsUnknownIcon(t *testing.T) {
	t.Parallel()
	_, err := readIcons().svg("none")
	require.ErrorContains(t, err, "none")
}

// The Content-Security-Policy forbids both.
func TestPages_haveNoInlineScriptOrStyle(t *testing.T) {
	t.Parallel()
	forbidden := regexp.MustCompile(`(?i)\sstyle=|\son[a-z]+=|hx-on|javascript:|<style|<script(?: defer)?>|https?://`)
	read := 0
	require.NoError(t, fs.WalkDir(templateFiles, "templates", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := templateFiles.ReadFile(path)
		require.NoError(t, err)
		require.Empty(t, forbidden.FindAllString(string(content), -1), path)
		read++
		return nil
	}))
	require.Greater(t, read, 50)
}
