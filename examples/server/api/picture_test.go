package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// refusesNoPicture calls an operation that takes a picture with what is none.
func refusesNoPicture(t *testing.T, v *visitor, method, path string) {
	t.Helper()
	v.call(t, method, path, "", "Content-Type", "image/png").refuses(t, http.StatusUnprocessableEntity, "body required")
	v.call(t, method, path, `{}`).is(t, http.StatusUnsupportedMediaType)
	v.call(t, method, path, "<svg/>", "Content-Type", "image/svg+xml").is(t, http.StatusUnsupportedMediaType)
	refused := v.call(t, method, path, "}garbage", "Content-Type", "image/jpeg").is(t, http.StatusUnprocessableEntity).problem(t)
	require.Equal(t, "body.picture", refused.Errors[0].Location)
	v.call(t, method, path, strings.Repeat("a", 5<<20+1), "Content-Type", "image/png").is(t, http.StatusRequestEntityTooLarge)
	v.call(t, method, path, strings.Repeat("a", 7<<20), "Content-Type", "image/png").is(t, http.StatusRequestEntityTooLarge)
}

func TestAPictureIsKeptSquareAndReadOnceByThoseWhoKnowIt(t *testing.T) {
	t.Parallel()
	h := start(t)
	v := h.as(t, "root")
	withPerson(t, h, v)
	const at = "/users/jane.admin/picture"
	v.call(t, http.MethodGet, at, nil).is(t, http.StatusNotFound)
	set := v.call(t, http.MethodPut, at, pictureFile(t), "Content-Type", "image/png").is(t, http.StatusOK).object(t)
	require.NotEmpty(t, set["picture"])

	read := v.call(t, http.MethodGet, at, nil).is(t, http.StatusOK)
	require.Equal(t, "image/jpeg", read.Header.Get("Content-Type"))
	require.Equal(t, "nosniff", read.Header.Get("X-Content-Type-Options"))
	require.True(t, strings.HasPrefix(read.body, "\xff\xd8\xff"))
	known := v.call(t, http.MethodGet, at, nil, "If-None-Match", read.Header.Get("ETag")).is(t, http.StatusNotModified)
	require.Empty(t, known.body)

	stale := v.call(t, http.MethodGet, "/users/jane.admin", nil).is(t, http.StatusOK).Header.Get("ETag")
	v.call(t, http.MethodPatch, "/users/jane.admin", map[string]any{"title": "x"}).is(t, http.StatusOK)
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		file, media := "", "application/json"
		if method == http.MethodPut {
			file, media = pictureFile(t), "image/png"
		}
		v.call(t, method, at, file, "Content-Type", media, "If-Match", stale).is(t, http.StatusPreconditionFailed)
		v.call(t, method, at, file, "Content-Type", media, "If-Match", "*").is(t, http.StatusOK)
	}

	v.call(t, http.MethodPut, at, pictureFile(t), "Content-Type", "image/png").is(t, http.StatusOK)
	gone := v.call(t, http.MethodDelete, at, nil).is(t, http.StatusOK).object(t)
	require.Empty(t, gone["picture"])
	v.call(t, http.MethodGet, at, nil, "If-None-Match", `""`).is(t, http.StatusNotFound)
}
