package static

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAssets_thirdPartyFilesMatchChecksums(t *testing.T) {
	t.Parallel()
	row := regexp.MustCompile("(?m)^\\| `([a-z0-9./-]+)` \\|.*`([0-9a-f]{64})` \\|$")
	for _, folder := range []string{".", "../testdata"} {
		readme, err := os.ReadFile(filepath.Join(folder, "README.md"))
		require.NoError(t, err)
		listed := map[string]string{}
		for _, match := range row.FindAllStringSubmatch(string(readme), -1) {
			listed[match[1]] = match[2]
		}
		found := map[string]string{}
		for _, pattern := range []string{"*.min.*", "icons/*"} {
			names, err := fs.Glob(os.DirFS(folder), pattern)
			require.NoError(t, err)
			for _, name := range names {
				content, err := os.ReadFile(filepath.Join(folder, name))
				require.NoError(t, err)
				sum := sha256.Sum256(content)
				found[name] = hex.EncodeToString(sum[:])
			}
		}
		require.NotEmpty(t, found)
		require.Equal(t, listed, found, folder)
	}
}

func TestAssets_ServeHTTP_cachesByVersion(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	assets := ReadAssets()
	mux.Handle("GET /static/{name}", assets)
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
		versioned := ask(assets.Path(name), "")
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
	assets := ReadAssets()
	for accepts, compressed := range map[string]bool{
		"": false, "gzip, deflate, br": true, "br;q=1.0, GZIP;q=0.5": true, "gzip;q=0": false, "gzip;q=0.000, br": false, "deflate": false,
	} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/static/app.css", nil)
		request.SetPathValue("name", "app.css")
		request.Header.Set("Accept-Encoding", accepts)
		recorder := httptest.NewRecorder()
		assets.ServeHTTP(recorder, request)
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
		require.Equal(t, assets["app.css"].content, content, accepts)
	}
}

func TestAssets_areSmall(t *testing.T) {
	t.Parallel()
	assets, total := ReadAssets(), 0
	for _, file := range assets {
		total += len(file.compressed)
	}
	require.Less(t, total, 130_000)
	// Our own style counts as Tabler's does, without comments and blanks.
	style := regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAll(assets["app.css"].content, nil)
	style = regexp.MustCompile(`\s*([{};:,>\s])\s*`).ReplaceAll(style, []byte("$1"))
	require.Less(t, len(style), 10_000)
}

func TestIcons_SVG_rejectsUnknownIcon(t *testing.T) {
	t.Parallel()
	_, err := ReadIcons().SVG("none")
	require.ErrorContains(t, err, "none")
}
