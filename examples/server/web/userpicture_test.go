package web_test

import (
	"bytes"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/userman"
)

// janePicturePath is the address of the picture of jane.roe.
const janePicturePath = "/users/jane.roe/picture"

// upload sends a file as the form for the picture of jane.roe does.
func (b *browser) upload(field string, file []byte) (response *http.Response, page string) {
	b.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile(field, "picture.png")
	require.NoError(b, err)
	_, err = part.Write(file)
	require.NoError(b, err)
	require.NoError(b, form.Close())
	return b.send(janePicturePath, form.FormDataContentType(), &body)
}

func (b *browser) send(path, contentType string, body *bytes.Buffer) (response *http.Response, page string) {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, b.server.URL+path, body)
	require.NoError(b, err)
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	return servertest.Do(b, b.client, request)
}

func testPNG(t *testing.T) []byte {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, image.NewGray(image.Rect(0, 0, 40, 30))))
	return file.Bytes()
}

func TestPages_userPicture(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe"})
	response, _ := b.server.Get(t, b.client, janePicturePath)
	require.Equal(t, http.StatusNotFound, response.StatusCode)
	require.Contains(t, response.Header.Get("Content-Security-Policy"), "style-src 'self'", "that is a page, and no picture")
	response, _ = b.upload("picture", testPNG(t))
	require.Equal(t, http.StatusSeeOther, response.StatusCode)
	require.Contains(t, b.get("/users/jane.roe", http.StatusOK), `alt="Picture of jane.roe"`)

	response, picture := b.server.Get(t, b.client, janePicturePath)
	require.Equal(t, "image/jpeg", response.Header.Get("Content-Type"))
	require.Equal(t, "default-src 'none'; sandbox", response.Header.Get("Content-Security-Policy"))
	require.True(t, strings.HasPrefix(picture, "\xff\xd8\xff"))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.server.URL+janePicturePath, http.NoBody)
	require.NoError(t, err)
	request.Header.Set("If-None-Match", response.Header.Get("ETag"))
	response, _ = servertest.Do(t, b.client, request)
	require.Equal(t, http.StatusNotModified, response.StatusCode)

	b.postRedirect(janePicturePath+"/remove", nil)
	b.get(janePicturePath, http.StatusNotFound)
}

func TestPages_userPictureErrors(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.createUser(userman.User{Username: "jane.roe"})
	response, page := b.upload("picture", []byte("no picture"))
	require.Equal(t, http.StatusUnprocessableEntity, response.StatusCode)
	b.requireFieldError(page, "field-picture")
	_, page = b.upload("other", testPNG(t))
	require.Contains(t, page, "select a file")
	require.Contains(t, b.post(janePicturePath, nil, http.StatusUnprocessableEntity), "select a file")
	response, page = b.upload("picture", make([]byte, userman.MaxPictureBytes+1))
	require.Equal(t, http.StatusUnprocessableEntity, response.StatusCode)
	require.Contains(t, page, "at most 5 MiB")

	response, _ = b.send(janePicturePath, "multipart/form-data; boundary=x", bytes.NewBufferString("--x\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"p\"\r\n\r\nhalf"))
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
	for contentType, body := range map[string]string{
		"multipart/form-data": "--x--", "multipart/form-data; boundary=x": "--x\r\nno header\r\n\r\n",
	} {
		response, _ = b.send(janePicturePath, contentType, bytes.NewBufferString(body))
		require.Equal(t, http.StatusBadRequest, response.StatusCode, body)
	}
	response, page = b.upload("picture", make([]byte, 6<<20))
	require.Equal(t, http.StatusUnprocessableEntity, response.StatusCode)
	require.Contains(t, page, "larger than 5 MiB")
	response, _ = b.send("/users/jane.roe", "multipart/form-data; boundary=x", bytes.NewBufferString("--x--"))
	require.Equal(t, http.StatusUnsupportedMediaType, response.StatusCode)
	require.Empty(t, b.user("jane.roe").Picture)
}
