/*
 * The engine's arithmetic, for WebAssembly with vectors of 128 bits: no library, no memory of its own. Whoever calls
 * lays out the memory (kernel.ts) and gives addresses; everything is float32, every buffer begins at a multiple of 16
 * bytes and may be read and written up to the next one.
 *
 * Values are batch x height x width x channel. A convolution is a matrix product (`product`), of windows that
 * `columns` copies into rows, or of 6 x 6 tiles that `tiles_in` transforms and `tiles_out` takes back (Winograd 1980;
 * Lavin and Gray 2015, arXiv 1509.09308), at the points 0, +-2/3, +-3/2 and infinity as in adapters/numpy/winograd.py.
 */
#include <wasm_simd128.h>

typedef v128_t f4;

#define EXPORT(name) __attribute__((export_name(#name))) name
#define LOAD(from) wasm_v128_load(from)
#define STORE(to, value) wasm_v128_store(to, value)
#define SPLAT(value) wasm_f32x4_splat(value)
#define ADD(a, b) wasm_f32x4_add(a, b)
#define SUB(a, b) wasm_f32x4_sub(a, b)
#define MUL(a, b) wasm_f32x4_mul(a, b)
#define MADD(a, b, c) ADD(c, MUL(a, b))

enum { WIDE = 8, DEEP = 256 };

/* ROWS rows of a times one panel of 8 columns, added to c unless `first`. */
#define BLOCK(ROWS)                                                                                                    \
  static void block##ROWS(const float *a, int stride, const float *panel, float *c, int width, int depth, int left,    \
                          int first) {                                                                                 \
    f4 low[ROWS], high[ROWS];                                                                                          \
    _Pragma("unroll") for (int row = 0; row < ROWS; row++) low[row] = high[row] = SPLAT(0);                           \
    for (int at = 0; at < depth; at++, panel += WIDE) {                                                                \
      f4 one = LOAD(panel), two = LOAD(panel + 4);                                                                     \
      _Pragma("unroll") for (int row = 0; row < ROWS; row++) {                                                        \
        f4 value = wasm_v128_load32_splat(a + row * stride + at);                                                      \
        low[row] = MADD(value, one, low[row]);                                                                         \
        high[row] = MADD(value, two, high[row]);                                                                       \
      }                                                                                                                \
    }                                                                                                                  \
    if (left >= WIDE) {                                                                                                \
      _Pragma("unroll") for (int row = 0; row < ROWS; row++) {                                                        \
        float *to = c + row * width;                                                                                   \
        STORE(to, first ? low[row] : ADD(low[row], LOAD(to)));                                                         \
        STORE(to + 4, first ? high[row] : ADD(high[row], LOAD(to + 4)));                                               \
      }                                                                                                                \
      return;                                                                                                          \
    }                                                                                                                  \
    for (int row = 0; row < ROWS; row++) {                                                                             \
      float part[WIDE], *to = c + row * width;                                                                         \
      STORE(part, low[row]);                                                                                           \
      STORE(part + 4, high[row]);                                                                                      \
      for (int at = 0; at < left; at++) to[at] = first ? part[at] : to[at] + part[at];                                 \
    }                                                                                                                  \
  }

BLOCK(1)
BLOCK(4)

/* c (rows x columns) = a (rows x depth) . b; b in panels of 8 columns, each depth x 8, the last filled with zeros. */
void EXPORT(product)(const float *a, const float *b, float *c, int rows, int columns, int depth) {
  for (int from = 0; from < depth; from += DEEP) {
    int deep = depth - from < DEEP ? depth - from : DEEP;
    for (int column = 0; column < columns; column += WIDE) {
      const float *panel = b + column * depth + from * WIDE;
      int row = 0;
      for (; row + 4 <= rows; row += 4)
        block4(a + row * depth + from, depth, panel, c + row * columns + column, columns, deep, columns - column, !from);
      for (; row < rows; row++)
        block1(a + row * depth + from, depth, panel, c + row * columns + column, columns, deep, columns - column, !from);
    }
  }
}

static void copy(float *to, const float *from, int count) {
  int at = 0;
  for (; at + 4 <= count; at += 4) STORE(to + at, LOAD(from + at));
  for (; at < count; at++) to[at] = from[at];
}

static void clear(float *to, int count) {
  int at = 0;
  for (; at + 4 <= count; at += 4) STORE(to + at, SPLAT(0));
  for (; at < count; at++) to[at] = 0;
}

/* Windows of one image, output rows `first` to before `last`, as rows of reach x reach x channels. */
void EXPORT(columns)(const float *value, float *to, int height, int width, int channels, int down, int across, int step,
                     int step_across, int top, int left, int first, int last, int outputs) {
  for (int row = first; row < last; row++)
    for (int column = 0; column < outputs; column++)
      for (int reach = 0; reach < down; reach++) {
        int y = row * step - top + reach, x = column * step_across - left;
        int skip = x < 0 ? -x : 0, end = x + across > width ? width - x : across;
        if (y < 0 || y >= height || skip >= end) {
          clear(to, across * channels);
        } else {
          clear(to, skip * channels);
          copy(to + skip * channels, value + (y * width + x + skip) * channels, (end - skip) * channels);
          clear(to + end * channels, (across - end) * channels);
        }
        to += across * channels;
      }
}

/* The adjoint: adds rows of windows into an image. */
void EXPORT(scatter)(const float *from, float *value, int height, int width, int channels, int down, int across, int step,
                     int step_across, int top, int left, int rows, int outputs) {
  for (int row = 0; row < rows; row++)
    for (int column = 0; column < outputs; column++)
      for (int reach = 0; reach < down; reach++) {
        int y = row * step - top + reach, x = column * step_across - left;
        int skip = x < 0 ? -x : 0, end = x + across > width ? width - x : across;
        if (y >= 0 && y < height && skip < end) {
          float *to = value + (y * width + x + skip) * channels;
          const float *shares = from + skip * channels;
          for (int at = 0; at < (end - skip) * channels; at++) to[at] += shares[at];
        }
        from += across * channels;
      }
}

/* A convolution in which each channel has a kernel of its own, down x across x channels, of one image: from `value` to
   `to`; or, `back`, its adjoint, which adds into `value`. */
void EXPORT(depthwise)(float *value, const float *kernels, float *to, int height, int width, int channels, int down,
                       int across, int step, int step_across, int top, int left, int rows, int outputs, int back) {
  for (int row = 0; row < rows; row++)
    for (int column = 0; column < outputs; column++, to += channels) {
      if (!back) clear(to, channels);
      for (int reach = 0; reach < down * across; reach++) {
        int y = row * step - top + reach / across, x = column * step_across - left + reach % across, at = 0;
        if (y < 0 || y >= height || x < 0 || x >= width) continue;
        float *seen = value + (y * width + x) * channels, *sum = back ? seen : to;
        const float *by = kernels + reach * channels, *from = back ? to : seen;
        for (; at + 4 <= channels; at += 4) STORE(sum + at, MADD(LOAD(from + at), LOAD(by + at), LOAD(sum + at)));
        for (; at < channels; at++) sum[at] += from[at] * by[at];
      }
    }
}

/* An image in zeros, rows x cells, from `top` and `left` on. */
void EXPORT(surround)(const float *value, float *to, int height, int width, int channels, int top, int left, int rows,
                      int cells) {
  clear(to, top * cells * channels);
  for (int row = 0; row < height; row++) {
    float *line = to + (top + row) * cells * channels;
    clear(line, left * channels);
    copy(line + left * channels, value + row * width * channels, width * channels);
    clear(line + (left + width) * channels, (cells - left - width) * channels);
  }
  clear(to + (top + height) * cells * channels, (rows - top - height) * cells * channels);
}

/* Values at the points: rows of B transposed, scaled by powers of two as in adapters/numpy/winograd.py. */
static inline void onto(f4 *d, int stride) {
  f4 a = d[0], b = d[stride], c = d[2 * stride], e = d[3 * stride], f = d[4 * stride], g = d[5 * stride];
  d[0] = ADD(MUL(SPLAT(0.5f), a), ADD(MUL(SPLAT(-97.0f / 72), c), MUL(SPLAT(0.5f), f)));
  f4 even = ADD(MUL(SPLAT(-1.125f), c), MUL(SPLAT(0.5f), f)), odd = ADD(MUL(SPLAT(-0.75f), b), MUL(SPLAT(1.0f / 3), e));
  d[stride] = ADD(even, odd);
  d[2 * stride] = SUB(even, odd);
  even = ADD(MUL(SPLAT(-2.0f / 9), c), MUL(SPLAT(0.5f), f)), odd = ADD(MUL(SPLAT(-1.0f / 3), b), MUL(SPLAT(0.75f), e));
  d[3 * stride] = ADD(even, odd);
  d[4 * stride] = SUB(even, odd);
  d[5 * stride] = ADD(MUL(SPLAT(0.5f), b), ADD(MUL(SPLAT(-97.0f / 72), e), MUL(SPLAT(0.5f), g)));
}

/* Results from values at the points: rows of A transposed. */
static inline void from(const f4 *m, int stride, f4 *y, int step) {
  f4 near = ADD(m[stride], m[2 * stride]), across = SUB(m[stride], m[2 * stride]);
  f4 far = ADD(m[3 * stride], m[4 * stride]), over = SUB(m[3 * stride], m[4 * stride]);
  y[0] = ADD(m[0], ADD(near, far));
  y[step] = ADD(MUL(SPLAT(2.0f / 3), across), MUL(SPLAT(1.5f), over));
  y[2 * step] = ADD(MUL(SPLAT(4.0f / 9), near), MUL(SPLAT(2.25f), far));
  y[3 * step] = ADD(ADD(MUL(SPLAT(8.0f / 27), across), MUL(SPLAT(3.375f), over)), m[5 * stride]);
}

/* Tiles of an image that is surrounded to (4 down + 2) x (4 across + 2): 36 x tiles x channels; channels in fours. */
void EXPORT(tiles_in)(const float *value, float *to, int down, int across, int channels, int tiles, int number) {
  int line = (4 * across + 2) * channels;
  for (int row = 0; row < down; row++)
    for (int column = 0; column < across; column++, number++)
      for (int channel = 0; channel < channels; channel += 4) {
        f4 d[36];
        const float *start = value + 4 * row * line + 4 * column * channels + channel;
        for (int y = 0; y < 6; y++) {
          for (int x = 0; x < 6; x++) d[6 * y + x] = LOAD(start + y * line + x * channels);
          onto(d + 6 * y, 1);
        }
        for (int x = 0; x < 6; x++) onto(d + x, 6);
        float *place = to + number * channels + channel;
        for (int at = 0; at < 36; at++) STORE(place + at * tiles * channels, d[at]);
      }
}

/* The way back: an image of height x width x channels from 36 x tiles x channels. */
void EXPORT(tiles_out)(const float *from_tiles, float *value, int height, int width, int channels, int tiles, int number) {
  int down = (height + 3) / 4, across = (width + 3) / 4;
  for (int row = 0; row < down; row++)
    for (int column = 0; column < across; column++, number++)
      for (int channel = 0; channel < channels; channel += 4) {
        f4 m[36], half[24], y[16];
        const float *place = from_tiles + number * channels + channel;
        for (int at = 0; at < 36; at++) m[at] = LOAD(place + at * tiles * channels);
        for (int x = 0; x < 6; x++) from(m + x, 6, half + x, 6);
        for (int line = 0; line < 4; line++) from(half + 6 * line, 1, y + 4 * line, 1);
        int rows = height - 4 * row < 4 ? height - 4 * row : 4, cells = width - 4 * column < 4 ? width - 4 * column : 4;
        for (int line = 0; line < rows; line++)
          for (int x = 0; x < cells; x++)
            STORE(value + ((4 * row + line) * width + 4 * column + x) * channels + channel, y[4 * line + x]);
      }
}

static inline void kernel_onto(f4 a, f4 b, f4 c, f4 *to, int stride) {
  f4 even = ADD(MUL(SPLAT(-81.0f / 65), a), MUL(SPLAT(-36.0f / 65), c)), odd = MUL(SPLAT(54.0f / 65), b);
  to[0] = ADD(a, a);
  to[stride] = SUB(even, odd);
  to[2 * stride] = ADD(even, odd);
  even = ADD(MUL(SPLAT(16.0f / 65), a), MUL(SPLAT(36.0f / 65), c)), odd = MUL(SPLAT(24.0f / 65), b);
  to[3 * stride] = ADD(even, odd);
  to[4 * stride] = SUB(even, odd);
  to[5 * stride] = ADD(c, c);
}

/* Kernels of 3 x 3 at the points: 36 matrices, inputs x outputs, each in panels of 8 columns. `of_output` and `of_input`
   are the distances between kernels; `turned`: each is turned around, for the way back. Outputs in fours. */
void EXPORT(tiles_kernels)(const float *kernels, float *to, int inputs, int outputs, int of_output, int of_input, int turned) {
  int step = (outputs + WIDE - 1) / WIDE * WIDE * inputs;
  for (int output = 0; output < outputs; output += 4)
    for (int input = 0; input < inputs; input++) {
      f4 g[9], half[18], m[36];
      const float *first = kernels + output * of_output + input * of_input;
      for (int at = 0; at < 9; at++) {
        const float *one = first + (turned ? 8 - at : at);
        g[at] = wasm_f32x4_make(one[0], one[of_output], one[2 * of_output], one[3 * of_output]);
      }
      for (int x = 0; x < 3; x++) kernel_onto(g[x], g[3 + x], g[6 + x], half + x, 3);
      for (int y = 0; y < 6; y++) kernel_onto(half[3 * y], half[3 * y + 1], half[3 * y + 2], m + 6 * y, 1);
      float *place = to + output / WIDE * WIDE * inputs + input * WIDE + output % WIDE;
      for (int at = 0; at < 36; at++) STORE(place + at * step, m[at]);
    }
}

/* exp(x) - 1 to full relative precision near 0: x = n log 2 + r, a polynomial in r. */
static inline f4 expm1_of(f4 x) {
  x = wasm_f32x4_pmin(SPLAT(88.0f), wasm_f32x4_pmax(SPLAT(-87.0f), x));
  f4 n = wasm_f32x4_nearest(MUL(x, SPLAT(1.44269504f)));
  f4 r = SUB(SUB(x, MUL(n, SPLAT(0.693359375f))), MUL(n, SPLAT(-2.12194440e-4f)));
  f4 p = SPLAT(1.0f / 5040);
  p = MADD(p, r, SPLAT(1.0f / 720));
  p = MADD(p, r, SPLAT(1.0f / 120));
  p = MADD(p, r, SPLAT(1.0f / 24));
  p = MADD(p, r, SPLAT(1.0f / 6));
  p = MADD(p, r, SPLAT(0.5f));
  p = MADD(MUL(p, r), r, r);
  f4 scale = wasm_i32x4_shl(wasm_i32x4_add(wasm_i32x4_trunc_sat_f32x4(n), wasm_i32x4_splat(127)), 23);
  return ADD(MUL(scale, p), SUB(scale, SPLAT(1)));
}

static inline f4 exp_of(f4 x) { return ADD(expm1_of(x), SPLAT(1)); }
static inline f4 over(f4 a, f4 b) { return wasm_f32x4_div(a, b); }
static inline f4 choose(f4 yes, f4 no, f4 mask) { return wasm_v128_bitselect(yes, no, mask); }

/* Of a place x: the value, and in *slope the derivative. Numbers as in kernel.ts. */
enum { ELU, RELU, SILU, GELU, GELU_TANH, SIGMOID, TANH, RELU6, HARD_SIGMOID, HARD_SWISH };

static inline f4 activated(int kind, f4 x, f4 *slope) {
  f4 zero = SPLAT(0), one = SPLAT(1), above = wasm_f32x4_gt(x, zero);
  if (kind == ELU) {
    f4 below = expm1_of(wasm_f32x4_pmin(zero, x));
    *slope = ADD(choose(zero, below, above), one);
    return choose(x, below, above);
  }
  if (kind == RELU || kind == RELU6) {
    if (kind == RELU6) above = wasm_v128_and(above, wasm_f32x4_lt(x, SPLAT(6)));
    *slope = wasm_v128_and(above, one);
    return kind == RELU ? wasm_v128_and(above, x) : wasm_f32x4_pmin(SPLAT(6), wasm_f32x4_pmax(zero, x));
  }
  if (kind == HARD_SIGMOID || kind == HARD_SWISH) {
    f4 third = wasm_f32x4_pmin(one, wasm_f32x4_pmax(zero, MADD(x, SPLAT(1 / 6.0f), SPLAT(0.5f))));
    f4 inside = wasm_v128_and(wasm_f32x4_lt(wasm_f32x4_abs(x), SPLAT(3)), SPLAT(1 / 6.0f));
    *slope = kind == HARD_SIGMOID ? inside : MADD(x, inside, third);
    return kind == HARD_SIGMOID ? third : MUL(x, third);
  }
  if (kind == SILU || kind == SIGMOID) {
    f4 s = over(one, ADD(one, exp_of(SUB(zero, x)))), rest = MUL(s, SUB(one, s));
    *slope = kind == SILU ? MADD(x, rest, s) : rest;
    return kind == SILU ? MUL(x, s) : s;
  }
  if (kind == TANH || kind == GELU_TANH) {
    f4 u = kind == TANH ? x : MUL(SPLAT(0.797884561f), MUL(x, ADD(one, MUL(SPLAT(0.044715f), MUL(x, x)))));
    f4 low = expm1_of(ADD(u, u)), t = over(low, ADD(low, SPLAT(2))), rest = SUB(one, MUL(t, t));
    if (kind == TANH) {
      *slope = rest;
      return t;
    }
    f4 half = SPLAT(0.5f), inner = MUL(SPLAT(0.797884561f), ADD(one, MUL(SPLAT(3 * 0.044715f), MUL(x, x))));
    *slope = MUL(half, ADD(ADD(one, t), MUL(x, MUL(rest, inner))));
    return MUL(MUL(half, x), ADD(one, t));
  }
  /* GELU by the normal distribution: Abramowitz and Stegun 7.1.26, 1.5e-7 off at most. */
  f4 size = wasm_f32x4_abs(x), t = over(one, ADD(one, MUL(SPLAT(0.3275911f * 0.707106781f), size)));
  f4 p = SPLAT(1.061405429f);
  p = MADD(p, t, SPLAT(-1.453152027f));
  p = MADD(p, t, SPLAT(1.421413741f));
  p = MADD(p, t, SPLAT(-0.284496736f));
  p = MADD(p, t, SPLAT(0.254829592f));
  f4 bell = exp_of(MUL(SPLAT(-0.5f), MUL(x, x))), tail = MUL(SPLAT(0.5f), MUL(MUL(p, t), bell));
  f4 below = choose(SUB(one, tail), tail, above);
  *slope = MADD(x, MUL(SPLAT(0.398942280f), bell), below);
  return MUL(x, below);
}

#define EACH(KIND)                                            \
  case KIND:                                                  \
    for (int at = 0; at < count; at += 4) {                   \
      f4 rise, found = activated(KIND, LOAD(value + at), &rise); \
      STORE(value + at, found);                               \
      if (slope) STORE(slope + at, rise);                     \
    }                                                         \
    break;

/* In place; the derivatives where `slope` is not 0. */
void EXPORT(activate)(int kind, float *value, float *slope, int count) {
  switch (kind) {
    EACH(ELU)
    EACH(RELU)
    EACH(SILU)
    EACH(GELU)
    EACH(GELU_TANH)
    EACH(SIGMOID)
    EACH(TANH)
    EACH(RELU6)
    EACH(HARD_SIGMOID)
    EACH(HARD_SWISH)
  }
}

void EXPORT(multiply)(float *value, const float *by, int count) {
  for (int at = 0; at < count; at += 4) STORE(value + at, MUL(LOAD(value + at), LOAD(by + at)));
}

void EXPORT(add)(float *value, const float *more, int count) {
  for (int at = 0; at < count; at += 4) STORE(value + at, ADD(LOAD(value + at), LOAD(more + at)));
}

/* Each row of `channels` times `by` (or as it is, where that is 0) plus `more` (or nothing). */
void EXPORT(shift)(float *value, const float *by, const float *more, int rows, int channels) {
  for (int row = 0; row < rows; row++, value += channels)
    for (int channel = 0; channel < channels; channel++) {
      float found = value[channel];
      if (by) found *= by[channel];
      if (more) found += more[channel];
      value[channel] = found;
    }
}

/* Pooling of one image: the mean (winner 0) or the largest, whose place is kept. `whole`: zeros around count in means. */
void EXPORT(pool)(const float *value, float *to, int *winner, int height, int width, int channels, int size, int step,
                  int around, int down, int across, int whole) {
  for (int row = 0; row < down; row++)
    for (int column = 0; column < across; column++, to += channels, winner = winner ? winner + channels : 0) {
      int places = 0;
      for (int y = row * step - around; y < row * step - around + size; y++)
        for (int x = column * step - around; x < column * step - around + size; x++) {
          if (y < 0 || x < 0 || y >= height || x >= width) continue;
          const float *place = value + (y * width + x) * channels;
          if (!places++) {
            copy(to, place, channels);
            for (int channel = 0; winner && channel < channels; channel++) winner[channel] = y * width + x;
          } else if (winner) {
            for (int channel = 0; channel < channels; channel++)
              if (place[channel] > to[channel]) {
                to[channel] = place[channel];
                winner[channel] = y * width + x;
              }
          } else {
            for (int channel = 0; channel < channels; channel++) to[channel] += place[channel];
          }
        }
      float share = 1.0f / (whole ? size * size : places);
      for (int channel = 0; !winner && channel < channels; channel++) to[channel] *= share;
    }
}

/* The way back, added into `value`. */
void EXPORT(unpool)(const float *from_pool, float *value, const int *winner, int height, int width, int channels, int size,
                    int step, int around, int down, int across, int whole) {
  for (int row = 0; row < down; row++)
    for (int column = 0; column < across; column++, from_pool += channels, winner = winner ? winner + channels : 0) {
      if (winner) {
        for (int channel = 0; channel < channels; channel++) value[winner[channel] * channels + channel] += from_pool[channel];
        continue;
      }
      int top = row * step - around, left = column * step - around, bottom = top + size, right = left + size;
      if (top < 0) top = 0;
      if (left < 0) left = 0;
      if (bottom > height) bottom = height;
      if (right > width) right = width;
      float share = 1.0f / (whole ? size * size : (bottom - top) * (right - left));
      for (int y = top; y < bottom; y++)
        for (int x = left; x < right; x++) {
          float *place = value + (y * width + x) * channels;
          for (int channel = 0; channel < channels; channel++) place[channel] += share * from_pool[channel];
        }
    }
}
