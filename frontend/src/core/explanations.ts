/** "What am I looking at?": a few sentences for every view, with the works that introduced it. */

export interface Explanation {
  text: string;
  source: string;
}

export const EXPLANATIONS: Record<string, Explanation> = {
  attribution: {
    text: "Fade the picture in from the baseline and the class score changes; this map shares that change out among the pixels, blue for those that raised it, red for those that lowered it, and the shares add up to the whole change. It speaks about this network, this class and this baseline: a pixel equal to the baseline always gets zero.",
    source: "Sundararajan, Taly, Yan 2017, arXiv 1703.01365; Sturmfels et al. 2020, Distill",
  },
  error: {
    text: "The shares are integrals worked out from a limited number of evaluations. We work them out at two levels of detail and report the difference as the likely error, in total and for each pixel; that all shares add up nearly right is a weaker check, because errors of opposite sign cancel.",
    source: "Sotoudeh, Thakur 2019, NeurIPS (ExactLine)",
  },
  interior: {
    text: "The slider fades the picture in; at each step you see which pixels would change the score most, and what the network says. Near the full picture the gradient is often tiny although the pixels matter: the score has levelled off, which is called saturation. The last panel adds the steps up; at the end of the slider it is the attribution map.",
    source: "Sundararajan, Taly, Yan 2016, arXiv 1611.02639",
  },
  keep: {
    text: "The network answers again while seeing only the chosen pixels; the rest is replaced by the fill. If far fewer of them than of random pixels (grey) keep its answer, the map has found pixels that suffice. A picture with holes is unlike anything it was trained on, so part of any change may come from the holes.",
    source: "Petsiuk et al. 2018, arXiv 1806.07421; Hooker et al. 2019, arXiv 1806.10758",
  },
  layers: {
    text: "Each tile is one learned filter's response at every place of this picture, green above zero, purple below; after each pooling the tiles are coarser. A tile tells where a filter responds and how strongly, not what it stands for: that takes many pictures.",
    source: "Zeiler, Fergus 2014, arXiv 1311.2901; Yosinski et al. 2015, arXiv 1506.06579",
  },
  weights: {
    text: "Each outline counts how many weights of a layer have which value, on the same bins before training and after each epoch. An outline that stands still hints that the layer has stopped learning, one that runs wide or piles up at zero that something went wrong. Very different weights can share a histogram, so it raises questions rather than settling them.",
    source: "Glorot, Bengio 2010, AISTATS",
  },
  training: {
    text: "The curves compare pictures used for training with pictures held back; a growing distance means learning by heart. The slider replays one picture through the run: what the network said, which pixels it used, what its layers kept. In many networks the lower layers settle first; see whether yours does.",
    source: "Raghu et al. 2017, arXiv 1706.05806",
  },
  compare: {
    text: "Two maps on one colour scale with all but one choice equal, so a difference in colour is a difference in attribution. The third map subtracts them; hatched cells differ by less than the two maps' errors together.",
    source: "Gleicher et al. 2011, Information Visualization",
  },
};
