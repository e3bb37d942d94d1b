package userman_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

var (
	red  = color.RGBA{R: 255, A: 255}
	blue = color.RGBA{B: 255, A: 255}
)

// twoColorImage returns a picture whose left half is red, and its right half blue.
func twoColorImage(width, height int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.Set(x, y, map[bool]color.RGBA{true: red, false: blue}[x < width/2])
		}
	}
	return m
}

func newPNG(t testing.TB, width, height int) io.Reader {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, twoColorImage(width, height)))
	return &file
}

// storedPicture returns the picture that is kept of jane.
func storedPicture(t testing.TB, h *env) image.Image {
	t.Helper()
	file, err := h.Picture(t.Context(), "jane")
	require.NoError(t, err)
	m, err := jpeg.Decode(bytes.NewReader(file))
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, userman.PictureSide, userman.PictureSide), m.Bounds())
	return m
}

// requireColor requires that the picture is about that colour there.
func requireColor(t testing.TB, m image.Image, x, y int, want color.Color) {
	t.Helper()
	r, g, b, _ := m.At(x, y).RGBA()
	wr, wg, wb, _ := want.RGBA()
	for _, pair := range [][2]uint32{{r, wr}, {g, wg}, {b, wb}} {
		require.InDelta(t, float64(pair[1]), float64(pair[0]), 0x1800, "at %d,%d: %v", x, y, m.At(x, y))
	}
}

func TestService_SetPicture_storesSquareJPEG(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			h.createUser(t, newUser("jane"), "")
			_, err := h.Picture(t.Context(), "jane")
			require.ErrorIs(t, err, store.ErrNotFound)

			updated, err := h.SetPicture(t.Context(), "jane", newPNG(t, 600, 200), nil)
			require.NoError(t, err)
			require.NotEmpty(t, updated.Picture)
			m := storedPicture(t, h)
			requireColor(t, m, 10, 128, red)
			requireColor(t, m, 245, 128, blue)

			var file bytes.Buffer
			require.NoError(t, gif.Encode(&file, twoColorImage(20, 400), nil))
			again, err := h.SetPicture(t.Context(), "jane", &file, nil)
			require.NoError(t, err)
			require.NotEqual(t, updated.Picture, again.Picture)

			removed, err := h.SetPicture(t.Context(), "jane", nil, nil)
			require.NoError(t, err)
			require.Empty(t, removed.Picture)
			_, err = h.Picture(t.Context(), "jane")
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = h.SetPicture(t.Context(), "jane", nil, nil)
			require.NoError(t, err)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_SetPicture_checksPreconditionBeforeSaving(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			jane := h.createUser(t, newUser("jane"), "")
			stale := errors.New("somebody was faster")
			_, err := h.SetPicture(t.Context(), "jane", newPNG(t, 600, 200), &userman.PictureOptions{Precondition: func(context.Context) error { return stale }})
			require.ErrorIs(t, err, stale)
			_, err = h.Picture(t.Context(), "jane")
			require.ErrorIs(t, err, store.ErrNotFound)
			// While the picture is drawn others may write; what is checked is
			// what stands when it is kept.
			drawing := readerFunc(func() { h.update(t, "jane", func(u *userman.User) { u.Title = "Chief" }) })
			_, err = h.SetPicture(t.Context(), "jane", io.MultiReader(drawing, newPNG(t, 600, 200)), &userman.PictureOptions{Precondition: func(ctx context.Context) error {
				now, err := h.GetByID(ctx, jane.ID)
				require.NoError(t, err)
				require.Equal(t, "Chief", now.Title)
				return nil
			}})
			require.NoError(t, err)
			require.NotEmpty(t, h.get(t, "jane").Picture)
		})
	}
}

// readerFunc is called when it is read, and is empty.
type readerFunc func()

func (f readerFunc) Read([]byte) (int, error) {
	f()
	return 0, io.EOF
}

func TestService_SetPicture_fillsTransparencyWithWhite(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane"), "")
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, image.NewNRGBA(image.Rect(0, 0, 50, 50))))
	_, err := h.SetPicture(t.Context(), "jane", &file, nil)
	require.NoError(t, err)
	requireColor(t, storedPicture(t, h), 128, 128, color.White)
}

// jpegWithExif returns the file with an Exif segment that says how it lies.
func jpegWithExif(t testing.TB, order binary.AppendByteOrder, orientation uint16) []byte {
	t.Helper()
	tiff := map[binary.AppendByteOrder][]byte{binary.LittleEndian: []byte("II"), binary.BigEndian: []byte("MM")}[order]
	tiff = order.AppendUint32(order.AppendUint16(tiff, 42), 8)
	tiff = order.AppendUint16(tiff, 1)
	tiff = order.AppendUint16(order.AppendUint16(tiff, 0x0112), 3)
	tiff = order.AppendUint16(order.AppendUint32(tiff, 1), orientation)
	tiff = append(tiff, make([]byte, 6)...)
	segment := append([]byte("Exif\x00\x00"), tiff...)
	var file bytes.Buffer
	require.NoError(t, jpeg.Encode(&file, twoColorImage(64, 64), &jpeg.Options{Quality: 100}))
	head := binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, 0xe1}, uint16(2+len(segment)))
	return append(append(head, segment...), file.Bytes()[2:]...)
}

// Telephones keep pictures as the sensor lies, and say in Exif how to turn them.
func TestService_SetPicture_appliesExifOrientation(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane"), "")
	_, err := h.SetPicture(t.Context(), "jane", bytes.NewReader(jpegWithExif(t, binary.BigEndian, 6)), nil)
	require.NoError(t, err)
	m := storedPicture(t, h)
	requireColor(t, m, 128, 20, red)
	requireColor(t, m, 128, 235, blue)
	stored, err := h.Picture(t.Context(), "jane")
	require.NoError(t, err)
	require.NotContains(t, string(stored), "Exif", "where and when it was taken is not kept")
}

// pngWithSize is a small PNG that says it is very large.
func pngWithSize(t testing.TB, width, height uint32) []byte {
	t.Helper()
	var small bytes.Buffer
	require.NoError(t, png.Encode(&small, twoColorImage(8, 8)))
	file := small.Bytes()
	binary.BigEndian.PutUint32(file[16:], width)
	binary.BigEndian.PutUint32(file[20:], height)
	binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(file[12:29]))
	return file
}

func TestService_SetPicture_rejectsHostileFiles(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane"), "")
	whole, err := io.ReadAll(newPNG(t, 100, 100))
	require.NoError(t, err)
	for what, tc := range map[string]struct {
		file []byte
		code string
	}{
		"nothing":                   {nil, "format"},
		"text":                      {[]byte("<svg onload=alert(1)>"), "format"},
		"HTML with the head of GIF": {[]byte("GIF89a<script>alert(1)</script>"), "size"},
		"half a file":               {whole[:len(whole)/2], "format"},
		"a JPEG of one byte":        {[]byte{0xff, 0xd8, 0xff}, "format"},
		"too wide":                  {pngWithSize(t, 8001, 1), "size"},
		"too high":                  {pngWithSize(t, 1, 8001), "size"},
		"too many pixels":           {pngWithSize(t, 8000, 8000), "size"},
		"very wide":                 {pngWithSize(t, 1<<31-1, 1<<31-1), "format"},
		"of no width":               {pngWithSize(t, 0, 100), "format"},
		"shorter than it says":      {pngWithSize(t, 4000, 4000), "format"},
		"too long":                  {append(whole, make([]byte, userman.MaxPictureBytes)...), "max"},
	} {
		_, err := h.SetPicture(t.Context(), "jane", bytes.NewReader(tc.file), nil)
		invalid, ok := errors.AsType[*store.InvalidError](err)
		require.True(t, ok, "%s: %v", what, err)
		require.Equal(t, "picture", invalid.Fields[0].Field)
		require.Equal(t, tc.code, invalid.Fields[0].Code, what)
	}
	require.Empty(t, h.get(t, "jane").Picture)
	_, err = h.SetPicture(t.Context(), "joan", newPNG(t, 1, 1), nil)
	require.ErrorIs(t, err, store.ErrNotFound)
	errClosed := errors.New("the visitor went away")
	_, err = h.SetPicture(t.Context(), "jane", iotest.ErrReader(errClosed), nil)
	require.ErrorIs(t, err, errClosed)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = h.SetPicture(ctx, "jane", newPNG(t, 1, 1), nil)
	require.ErrorIs(t, err, context.Canceled)
	h.requireAuditIntact(t)
}

func FuzzSetPicture(f *testing.F) {
	small, err := io.ReadAll(newPNG(f, 3, 2))
	require.NoError(f, err)
	f.Add(small)
	f.Add(jpegWithExif(f, binary.BigEndian, 6))
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II*\x00\xff\xff\xff\xff"))
	h := newService(f, func(o *userman.Options) { o.Audit = nil })
	h.createUser(f, newUser("jane"), "")
	f.Fuzz(func(t *testing.T, file []byte) {
		_, err := h.SetPicture(t.Context(), "jane", bytes.NewReader(file), nil)
		if err == nil {
			storedPicture(t, h)
			return
		}
		require.ErrorIs(t, err, store.ErrInvalid)
	})
}
