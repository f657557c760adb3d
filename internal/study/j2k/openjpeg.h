/* What is used of OpenJPEG 2, found when the program runs. */
#ifndef ECHOLINE_OPENJPEG_H
#define ECHOLINE_OPENJPEG_H

#include <stddef.h>
#include <stdint.h>

/* Loads the library. Returns its version, or NULL where there is none. */
const char *echo_j2k_load(void);

/* What a codestream must hold, and where its samples go. */
struct echo_j2k {
	const uint8_t *in;
	size_t length;
	uint8_t *out; /* interleaved, wide bytes each, little endian */
	uint32_t w, h, components, bits, wide;
	char message[200]; /* the library's, if it fails */
};

/* Decodes. Returns 0 if that went well, 1 if not, 2 for want of memory. */
int echo_j2k_decode(struct echo_j2k *job);

#endif
