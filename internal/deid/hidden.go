package deid

import (
	"bytes"
	"encoding/binary"
)

// clean tells whether compressed pixels hold nothing but pixels: no comments and no application data, in which writers put
// what they like, and nothing behind the end. Of what it does not know it says no.
func clean(fragments [][]byte, syntax string) bool {
	if len(fragments) < 2 || len(fragments[0])%4 != 0 {
		return false
	}
	stream := bytes.Join(fragments[1:], nil)
	switch syntax {
	case "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70",
		"1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81":
		for len(stream) > 0 {
			end := plainJPEG(stream)
			if end < 0 {
				return false
			}
			stream = bytes.TrimLeft(stream[end:], "\x00") // padding
		}
		return true
	}
	return false
}

// plainJPEG returns where a stream that has only what decoding needs ends; -1 for any other.
func plainJPEG(b []byte) int {
	if len(b) < 4 || b[0] != 0xff || b[1] != 0xd8 {
		return -1
	}
	at := 2
	for at+2 <= len(b) && b[at] == 0xff {
		switch marker := b[at+1]; marker {
		case 0xff:
			at++
		case 0xd9:
			return at + 2
		default:
			if at = segment(b, at, marker); at < 0 {
				return -1
			}
		}
	}
	return -1
}

// segment returns where the segment at at ends, with the coded data behind a start of scan; -1 where it may hold texts.
func segment(b []byte, at int, marker byte) int {
	if at+4 > len(b) || marker == 0xd8 || marker < 0xc0 || marker >= 0xd0 && marker <= 0xd7 {
		return -1
	}
	n := int(binary.BigEndian.Uint16(b[at+2:]))
	if n < 2 || at+2+n > len(b) || !plainSegment(marker, b[at+4:at+2+n]) {
		return -1
	}
	at += 2 + n
	if marker == 0xda {
		at = entropy(b, at)
	}
	return at
}

// plainSegment tells segments without room for texts.
func plainSegment(marker byte, content []byte) bool {
	switch {
	case marker == 0xe0: // JFIF without a thumbnail
		return len(content) == 14 && string(content[:5]) == "JFIF\x00" && content[12] == 0 && content[13] == 0
	case marker == 0xee: // Adobe's, which tells how colours are coded
		return len(content) == 12 && string(content[:5]) == "Adobe"
	case marker >= 0xe0 && marker <= 0xef, marker == 0xfe, marker >= 0xf0 && marker < 0xf7, marker > 0xf8:
		return false
	}
	return true
}

// entropy is where the coded data that begins at at end: before a marker that is none of restarting. In JPEG-LS a byte
// below 128 follows 255 in the data.
func entropy(b []byte, at int) int {
	for at+1 < len(b) {
		if b[at] == 0xff && b[at+1] >= 0x80 && (b[at+1] < 0xd0 || b[at+1] > 0xd7) {
			return at
		}
		at++
	}
	return at
}
