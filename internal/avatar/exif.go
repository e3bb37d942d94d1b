package avatar

import (
	"bytes"
	"encoding/binary"
)

// exifOrientation returns the Exif orientation of a JPEG (tag 0x0112 of the first
// directory), 1 to 8. It returns 1, upright, if there is none. Phones store
// pictures in the orientation of the sensor.
func exifOrientation(file []byte) int {
	tiff := exifData(file)
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	start := int64(order.Uint32(tiff[4:]))
	if start+2 > int64(len(tiff)) {
		return 1
	}
	const entrySize = 12
	entries := tiff[start+2:]
	for range order.Uint16(tiff[start:]) {
		if len(entries) < entrySize {
			return 1
		}
		const orientationTag, short = 0x0112, 3
		if order.Uint16(entries) == orientationTag && order.Uint16(entries[2:]) == short {
			return int(order.Uint16(entries[8:]))
		}
		entries = entries[entrySize:]
	}
	return 1
}

// exifData returns the TIFF data of the Exif segment of a JPEG, or nil.
func exifData(file []byte) (tiff []byte) {
	const app1 = 0xe1
	eachSegment(file, func(marker byte, body []byte) bool {
		found, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00"))
		if ok = ok && marker == app1; ok {
			tiff = found
		}
		return !ok
	})
	return tiff
}

// isProgressive reports whether the file is a progressive JPEG, whose decoding
// holds all coefficients in memory. It also returns true for a JPEG whose
// segments cannot be followed to the picture.
func isProgressive(file []byte) bool {
	const sof0, sof1 = 0xc0, 0xc1 // drawn in one pass, line by line
	inPasses := len(file) >= 2 && file[0] == 0xff && file[1] == 0xd8
	eachSegment(file, func(marker byte, _ []byte) bool {
		if marker == sof0 || marker == sof1 {
			inPasses = false
		}
		return inPasses
	})
	return inPasses
}

// eachSegment calls visit for each segment of a JPEG before the picture, until
// visit returns false. It stops where lenient readers may disagree.
func eachSegment(file []byte, visit func(marker byte, body []byte) bool) {
	const soi = 0xd8
	if len(file) < 2 || file[0] != 0xff || file[1] != soi {
		return
	}
	for rest := file[2:]; len(rest) >= 4 && rest[0] == 0xff && hasLength(rest[1]); {
		size := 2 + int(binary.BigEndian.Uint16(rest[2:]))
		if size > len(rest) || size < 4 || !visit(rest[1], rest[4:size]) {
			return
		}
		rest = rest[size:]
	}
}

// hasLength reports whether a marker begins a segment with a length.
func hasLength(marker byte) bool {
	const rst0, sos, fill = 0xd0, 0xda, 0xff
	return marker >= 0xc0 && (marker < rst0 || marker > sos) && marker != fill
}
