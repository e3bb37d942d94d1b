package avatar

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

// jpegWithTag returns the head of a JPEG with an Exif segment that has this one tag.
func jpegWithTag(order binary.AppendByteOrder, mark string, tag, orientation uint16) []byte {
	tiff := order.AppendUint32(order.AppendUint16([]byte("Exif\x00\x00"+mark), 42), 8)
	tiff = order.AppendUint16(order.AppendUint16(order.AppendUint16(tiff, 1), tag), 3)
	tiff = append(order.AppendUint16(order.AppendUint32(tiff, 1), orientation), 0, 0)
	file := binary.BigEndian.AppendUint16([]byte("\xff\xd8\xff\xe0\x00\x04ab\xff\xe1"), uint16(2+len(tiff)))
	return append(append(file, tiff...), 0xff, 0xda)
}

func TestExifOrientation_readsAllByteOrders(t *testing.T) {
	t.Parallel()
	const orientation = 0x0112
	for want := range uint16(10) {
		require.Equal(t, int(want), exifOrientation(jpegWithTag(binary.LittleEndian, "II", orientation, want)))
		require.Equal(t, int(want), exifOrientation(jpegWithTag(binary.BigEndian, "MM", orientation, want)))
	}
	require.Equal(t, 1, exifOrientation(jpegWithTag(binary.BigEndian, "MM", orientation+1, 6)))
	whole := jpegWithTag(binary.BigEndian, "MM", orientation, 6)
	for end := range len(whole) - 4 {
		require.Equal(t, 1, exifOrientation(whole[:end]), "cut off at %d", end)
	}
}

func FuzzOrientation(f *testing.F) {
	f.Add(jpegWithTag(binary.LittleEndian, "II", 0x0112, 3))
	f.Add(jpegWithTag(binary.BigEndian, "MM", 0x0112, 6))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II*\x00\xff\xff\xff\xff"))
	f.Fuzz(func(_ *testing.T, file []byte) { exifOrientation(file) })
}

// corners are the values of the corners, clockwise from the one above left.
func corners(m *image.RGBA) [4]uint8 {
	last := m.Bounds().Dx() - 1
	return [4]uint8{m.RGBAAt(0, 0).R, m.RGBAAt(last, 0).R, m.RGBAAt(last, last).R, m.RGBAAt(0, last).R}
}

// The corners that are wanted are those of the specification: in an orientation
// of 6, the left edge of the file is the upper one of the picture.
func TestApplyOrientation_matchesSpecification(t *testing.T) {
	t.Parallel()
	m := image.NewRGBA(image.Rect(0, 0, 3, 3))
	for i, at := range []image.Point{{0, 0}, {2, 0}, {2, 2}, {0, 2}} {
		m.SetRGBA(at.X, at.Y, color.RGBA{R: uint8(i + 1), A: 255})
	}
	for orientation, want := range map[int][4]uint8{
		0: {1, 2, 3, 4}, 1: {1, 2, 3, 4}, 2: {2, 1, 4, 3}, 3: {3, 4, 1, 2}, 4: {4, 3, 2, 1},
		5: {1, 4, 3, 2}, 6: {4, 1, 2, 3}, 7: {3, 2, 1, 4}, 8: {2, 3, 4, 1}, 9: {1, 2, 3, 4},
	} {
		require.Equal(t, want, corners(applyOrientation(m, orientation)), "orientation %d", orientation)
	}
}

// jpegScan begins the picture of a JPEG, of which nothing follows.
func jpegScan() []byte { return []byte{0xff, 0xda, 0, 12, 3, 1, 0, 2, 0x11, 3, 0x11, 0, 0x3f, 0} }

// newJPEG returns the head of a JPEG of that size and kind.
func newJPEG(marker byte, width, height uint16) []byte {
	file := []byte{0xff, 0xd8, 0xff, marker, 0, 17, 8}
	file = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(file, height), width)
	return append(file, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0)
}

// newPNG returns the head of a PNG of that size and kind, of 16 bits.
func newPNG(width, height uint32, kind, interlace byte) []byte {
	chunk := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), width), height)
	chunk = append(chunk, 16, kind, 0, 0, interlace)
	file := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), chunk...)
	return binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(chunk))
}

// A progressive JPEG is kept in memory many times as large as it is drawn, and a
// file of a few bytes can promise one.
func TestRender_rejectsExcessiveMemoryUse(t *testing.T) {
	t.Parallel()
	const sof0, sof2, rst0 = 0xc0, 0xc2, 0xd0
	require.False(t, isProgressive(newJPEG(sof0, 5000, 5000)))
	require.True(t, isProgressive(newJPEG(sof2, 5000, 5000)))
	require.False(t, isProgressive([]byte("GIF89a")))
	hidden := append([]byte{0xff, 0xd8, 0xff, rst0}, newJPEG(sof2, 5000, 5000)[2:]...)
	hidden = append(append(hidden, make([]byte, 1<<16)...), newJPEG(sof0, 1, 1)[2:]...)
	require.True(t, isProgressive(hidden), "what a lenient reader might take for one")

	requireSize := func(file []byte, tooLarge bool) {
		t.Helper()
		_, err := render(file)
		invalid, ok := errors.AsType[*store.InvalidError](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, map[bool]string{true: "size", false: "format"}[tooLarge], invalid.Fields[0].Code)
	}
	requireSize(append(newJPEG(sof2, 5000, 5000), jpegScan()...), true)
	requireSize(append(newJPEG(sof2, 2800, 2800), jpegScan()...), false)
	requireSize(append(newJPEG(sof0, 5000, 5000), jpegScan()...), false)

	const grey, transparent, plain, passes = 0, 6, 0, 1
	requireSize(newPNG(5000, 5000, grey, plain), false)
	requireSize(newPNG(5000, 5000, grey, passes), true)
	requireSize(newPNG(5000, 5000, transparent, passes), true)
	requireSize(newPNG(3000, 4000, transparent, passes), false)
}
