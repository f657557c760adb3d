//go:build cgo

package j2k

/*
#cgo linux LDFLAGS: -ldl
#include "openjpeg.h"
*/
import "C"

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"unsafe"
)

var version = sync.OnceValue(func() string {
	v := C.echo_j2k_load()
	if v == nil {
		return ""
	}
	return C.GoString(v)
})

// decode has the library decode a codestream into out.
func decode(b, out []byte, h *Head, bits int) error {
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&b[0])
	pin.Pin(&out[0])
	job := C.struct_echo_j2k{
		in: (*C.uint8_t)(unsafe.Pointer(&b[0])), length: C.size_t(len(b)), out: (*C.uint8_t)(unsafe.Pointer(&out[0])),
		w: C.uint32_t(h.W), h: C.uint32_t(h.H), components: C.uint32_t(len(h.Components)),
		bits: C.uint32_t(bits), wide: C.uint32_t((bits + 7) / 8),
	}
	switch C.echo_j2k_decode(&job) {
	case 0:
		return nil
	case 2:
		return ErrMemory
	}
	return errors.New("OpenJPEG: " + strings.TrimSpace(C.GoString(&job.message[0])))
}
