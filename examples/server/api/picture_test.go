package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// requireRejectsNonPicture calls an operation that takes a picture with what is none.
func requireRejectsNonPicture(t *testing.T, v *apiClient, method, path string) {
	t.Helper()
	v.call(t, method, path, "", "Content-Type", "image/png").requireFieldErrors(t, http.StatusUnprocessableEntity, "body required")
	v.call(t, method, path, `{}`).requireStatus(t, http.StatusUnsupportedMediaType)
	v.call(t, method, path, "<svg/>", "Content-Type", "image/svg+xml").requireStatus(t, http.StatusUnsupportedMediaType)
	rejected := v.call(t, method, path, "}garbage", "Content-Type", "image/jpeg").requireStatus(t, http.StatusUnprocessableEntity).problem(t)
	require.Equal(t, "body.picture", rejected.Errors[0].Location)
	v.call(t, method, path, strings.Repeat("a", 5<<20+1), "Content-Type", "image/png").requireStatus(t, http.StatusRequestEntityTooLarge)
	v.call(t, method, path, strings.Repeat("a", 7<<20), "Content-Type", "image/png").requireStatus(t, http.StatusRequestEntityTooLarge)
}

func TestAPI_pictureIsSquareAndCacheable(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.logIn(t, "root")
	withUser(t, h, v)
	const at = "/users/jane.admin/picture"
	v.call(t, http.MethodGet, at, nil).requireStatus(t, http.StatusNotFound)
	set := v.call(t, http.MethodPut, at, pictureFile(t), "Content-Type", "image/png").requireStatus(t, http.StatusOK).decodeObject(t)
	require.NotEmpty(t, set["picture"])

	read := v.call(t, http.MethodGet, at, nil).requireStatus(t, http.StatusOK)
	require.Equal(t, "image/jpeg", read.Header.Get("Content-Type"))
	require.Equal(t, "nosniff", read.Header.Get("X-Content-Type-Options"))
	require.True(t, strings.HasPrefix(read.body, "\xff\xd8\xff"))
	known := v.call(t, http.MethodGet, at, nil, "If-None-Match", read.Header.Get("ETag")).requireStatus(t, http.StatusNotModified)
	require.Empty(t, known.body)

	stale := v.call(t, http.MethodGet, "/users/jane.admin", nil).requireStatus(t, http.StatusOK).Header.Get("ETag")
	v.call(t, http.MethodPatch, "/users/jane.admin", map[string]any{"title": "x"}).requireStatus(t, http.StatusOK)
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		file, media := "", "application/json"
		if method == http.MethodPut {
			file, media = pictureFile(t), "image/png"
		}
		v.call(t, method, at, file, "Content-Type", media, "If-Match", stale).requireStatus(t, http.StatusPreconditionFailed)
		v.call(t, method, at, file, "Content-Type", media, "If-Match", "*").requireStatus(t, http.StatusOK)
	}

	v.call(t, http.MethodPut, at, pictureFile(t), "Content-Type", "image/png").requireStatus(t, http.StatusOK)
	deleted := v.call(t, http.MethodDelete, at, nil).requireStatus(t, http.StatusOK).decodeObject(t)
	require.Empty(t, deleted["picture"])
	v.call(t, http.MethodGet, at, nil, "If-None-Match", `""`).requireStatus(t, http.StatusNotFound)
}
