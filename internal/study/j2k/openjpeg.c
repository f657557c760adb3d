/*
 * A thin door to OpenJPEG 2, whose library is opened at run time. The declarations marked so are those of openjpeg.h of
 * OpenJPEG 2.5 (Copyright the OpenJPEG contributors, BSD 2-Clause; see NOTICE), which has kept them since 2.1. That they
 * hold is checked with every picture: what the library says of it must be what its header says.
 */
#include "openjpeg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

/* From openjpeg.h. */
typedef struct {
	uint32_t dx, dy, w, h, x0, y0, prec, bpp, sgnd, resno_decoded, factor;
	int32_t *data;
	uint16_t alpha;
} opj_image_comp_t;

typedef struct {
	uint32_t x0, y0, x1, y1, numcomps;
	int color_space;
	opj_image_comp_t *comps;
	uint8_t *icc_profile_buf;
	uint32_t icc_profile_len;
} opj_image_t;

#define OPJ_CODEC_J2K 0
#ifdef _WIN32
#define OPJ_CALLCONV __stdcall
#else
#define OPJ_CALLCONV
#endif

static struct {
	const char *(OPJ_CALLCONV *version)(void);
	void *(OPJ_CALLCONV *create_decompress)(int format);
	void (OPJ_CALLCONV *destroy_codec)(void *codec);
	int (OPJ_CALLCONV *set_error_handler)(void *codec, void (*f)(const char *, void *), void *data);
	void (OPJ_CALLCONV *set_default_decoder_parameters)(void *parameters);
	int (OPJ_CALLCONV *setup_decoder)(void *codec, void *parameters);
	int (OPJ_CALLCONV *read_header)(void *stream, void *codec, opj_image_t **image);
	int (OPJ_CALLCONV *decode)(void *codec, void *stream, opj_image_t *image);
	int (OPJ_CALLCONV *end_decompress)(void *codec, void *stream);
	void (OPJ_CALLCONV *image_destroy)(opj_image_t *image);
	void *(OPJ_CALLCONV *stream_create)(size_t buffer, int input);
	void (OPJ_CALLCONV *stream_destroy)(void *stream);
	void (OPJ_CALLCONV *stream_set_read_function)(void *stream, size_t (*f)(void *, size_t, void *));
	void (OPJ_CALLCONV *stream_set_skip_function)(void *stream, int64_t (*f)(int64_t, void *));
	void (OPJ_CALLCONV *stream_set_seek_function)(void *stream, int (*f)(int64_t, void *));
	void (OPJ_CALLCONV *stream_set_user_data)(void *stream, void *data, void (*f)(void *));
	void (OPJ_CALLCONV *stream_set_user_data_length)(void *stream, uint64_t length);
} opj;

static const struct {
	const char *name;
	void **to;
} symbols[] = {
	{"opj_version", (void **)&opj.version},
	{"opj_create_decompress", (void **)&opj.create_decompress},
	{"opj_destroy_codec", (void **)&opj.destroy_codec},
	{"opj_set_error_handler", (void **)&opj.set_error_handler},
	{"opj_set_default_decoder_parameters", (void **)&opj.set_default_decoder_parameters},
	{"opj_setup_decoder", (void **)&opj.setup_decoder},
	{"opj_read_header", (void **)&opj.read_header},
	{"opj_decode", (void **)&opj.decode},
	{"opj_end_decompress", (void **)&opj.end_decompress},
	{"opj_image_destroy", (void **)&opj.image_destroy},
	{"opj_stream_create", (void **)&opj.stream_create},
	{"opj_stream_destroy", (void **)&opj.stream_destroy},
	{"opj_stream_set_read_function", (void **)&opj.stream_set_read_function},
	{"opj_stream_set_skip_function", (void **)&opj.stream_set_skip_function},
	{"opj_stream_set_seek_function", (void **)&opj.stream_set_seek_function},
	{"opj_stream_set_user_data", (void **)&opj.stream_set_user_data},
	{"opj_stream_set_user_data_length", (void **)&opj.stream_set_user_data_length},
};

static void *open_library(void)
{
#ifdef _WIN32
	/* Beside the program or among the system's, never where the current folder or a search path leads. */
	return (void *)LoadLibraryExA("openjp2.dll", NULL, LOAD_LIBRARY_SEARCH_APPLICATION_DIR | LOAD_LIBRARY_SEARCH_SYSTEM32);
#else
	static const char *names[] = {
#ifdef __APPLE__
		"libopenjp2.7.dylib", "/opt/homebrew/lib/libopenjp2.7.dylib", "/usr/local/lib/libopenjp2.7.dylib",
#else
		"libopenjp2.so.7",
#endif
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		void *l = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
		if (l)
			return l;
	}
	return NULL;
#endif
}

const char *echo_j2k_load(void)
{
	void *library = open_library();
	if (!library)
		return NULL;
	for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
#ifdef _WIN32
		void *f = (void *)GetProcAddress((HMODULE)library, symbols[i].name);
#else
		void *f = dlsym(library, symbols[i].name);
#endif
		if (!f)
			return NULL;
		*symbols[i].to = f;
	}
	const char *version = opj.version();
	return strncmp(version, "2.", 2) == 0 ? version : NULL;
}

/* The codestream in memory, as the library reads it. */
struct source {
	const uint8_t *at;
	size_t length, off;
};

static size_t read_source(void *to, size_t n, void *data)
{
	struct source *s = data;
	size_t left = s->length - s->off;
	if (left == 0)
		return (size_t)-1;
	if (n > left)
		n = left;
	memcpy(to, s->at + s->off, n);
	s->off += n;
	return n;
}

static int64_t skip_source(int64_t n, void *data)
{
	struct source *s = data;
	if (n < 0 || (uint64_t)n > s->length - s->off) {
		s->off = s->length;
		return -1;
	}
	s->off += (size_t)n;
	return n;
}

static int seek_source(int64_t off, void *data)
{
	struct source *s = data;
	if (off < 0 || (uint64_t)off > s->length)
		return 0;
	s->off = (size_t)off;
	return 1;
}

/* Keeps the first message: the ones behind it follow from it. */
static void complain(const char *message, void *data)
{
	struct echo_j2k *job = data;
	if (job->message[0] == 0)
		snprintf(job->message, sizeof job->message, "%s", message);
}

static int expected(const opj_image_t *image, const struct echo_j2k *job, int decoded)
{
	if (image->numcomps != job->components || !image->comps)
		return 0;
	for (uint32_t c = 0; c < job->components; c++) {
		const opj_image_comp_t *p = &image->comps[c];
		if (p->w != job->w || p->h != job->h || p->dx != 1 || p->dy != 1 || p->prec != job->bits)
			return 0;
		if (decoded && !p->data)
			return 0;
	}
	return 1;
}

static void interleave(const opj_image_t *image, struct echo_j2k *job)
{
	size_t pixels = (size_t)job->w * job->h, step = (size_t)job->components * job->wide;
	uint32_t mask = (1u << job->bits) - 1;
	for (uint32_t c = 0; c < job->components; c++) {
		const int32_t *from = image->comps[c].data;
		uint8_t *to = job->out + (size_t)c * job->wide;
		for (size_t i = 0; i < pixels; i++, to += step) {
			uint32_t v = (uint32_t)from[i] & mask;
			to[0] = (uint8_t)v;
			if (job->wide > 1)
				to[1] = (uint8_t)(v >> 8);
		}
	}
}

int echo_j2k_decode(struct echo_j2k *job)
{
	/* opj_dparameters_t takes 8.3 KiB in version 2.5; the library fills it and reads it. */
	uint64_t *parameters = calloc(1, 64 << 10);
	struct source source = {job->in, job->length, 0};
	opj_image_t *image = NULL;
	void *codec = opj.create_decompress(OPJ_CODEC_J2K);
	void *stream = opj.stream_create(64 << 10, 1);
	int result = 2;
	if (parameters && codec && stream) {
		opj.set_error_handler(codec, complain, job);
		opj.stream_set_read_function(stream, read_source);
		opj.stream_set_skip_function(stream, skip_source);
		opj.stream_set_seek_function(stream, seek_source);
		opj.stream_set_user_data(stream, &source, NULL);
		opj.stream_set_user_data_length(stream, source.length);
		opj.set_default_decoder_parameters(parameters);
		result = 1;
		if (opj.setup_decoder(codec, parameters) && opj.read_header(stream, codec, &image)) {
			if (!expected(image, job, 0))
				complain("the library reads another picture", job);
			else if (opj.decode(codec, stream, image) && opj.end_decompress(codec, stream)) {
				if (expected(image, job, 1)) {
					interleave(image, job);
					result = 0;
				} else {
					complain("the library gives another picture", job);
				}
			}
		}
		if (result == 1 && (strstr(job->message, "memory") || strstr(job->message, "alloc")))
			result = 2;
	}
	if (image)
		opj.image_destroy(image);
	if (stream)
		opj.stream_destroy(stream);
	if (codec)
		opj.destroy_codec(codec);
	free(parameters);
	return result;
}
